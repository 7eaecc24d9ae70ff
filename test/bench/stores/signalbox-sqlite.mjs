// Signalbox in a file of SQLite, as durable as each setting makes it.
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

import { sqlite } from "../../../dist/sqlite/index.js";
import { openBus, openClaims } from "./signalbox-store.mjs";

const fileIn = (folder) => path.join(folder, "signalbox.db");

const peerWith = (synchronous) => ({
  name: `signalbox, ${synchronous}`,
  claims: ({ folder }) => openClaims(sqlite({ path: fileIn(folder), synchronous })),
  async open({ folder }, work) {
    const file = fileIn(folder);
    let reader;
    const unsettled = () => {
      reader ??= new DatabaseSync(file, { readOnly: true });
      return reader.prepare("SELECT count(*) AS count FROM signalbox_deliveries").get().count;
    };
    const opened = await openBus({ transport: () => sqlite({ path: file, synchronous }), unsettled }, work);
    const close = async () => {
      reader?.close();
      await opened.close();
    };
    return { ...opened, close };
  },
});

export const variants = { full: peerWith("full"), normal: peerWith("normal") };
