// Signalbox in a file of SQLite, as durable as each setting makes it.
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

import { sqlite } from "../../../dist/sqlite/index.js";
import { openBus } from "./signalbox-store.mjs";

const peerWith = (synchronous) => ({
  name: `signalbox, ${synchronous}`,
  async open({ folder }, work) {
    const file = path.join(folder, "signalbox.db");
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
