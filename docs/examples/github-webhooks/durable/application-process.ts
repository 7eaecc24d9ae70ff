// One life of the durable application: its server and its bus, in a process that may be killed at any moment.
import "signalbox/tsyringe";
import { on } from "node:events";
import { createApplication } from "../application.js";
import { briefLog } from "../brief-log.js";
import { Intake } from "../intake.js";
import { dropping } from "../sabotage.js";
import { SECRET } from "../secret.js";
import { receiveWebhooks } from "../server.js";
import { drained, waitingIn } from "./drained.js";
import { FileLedger } from "./file-ledger.js";
import type { Orders, Wish, Word } from "./orders.js";
import { redrive } from "./redrive.js";
import { stores } from "./stores.js";

const { life, transport, folder, boardUrl, victim } = JSON.parse(process.argv[2] ?? "{}") as Orders;
const say = (word: Word) => void process.send?.(word);
const log = (line: string) => say({ is: "log", line });

const kept = stores[transport]!.open(folder);
const ledger = new FileLedger(folder, life);
const steps = victim ? [dropping(victim)] : [];
const logger = briefLog(log);
const application = createApplication({ ledger, boardUrl, logger, steps, transport: kept });
const { bus } = application;
await bus.start();
const born = { life, bornAt: performance.now() };
const waiting = await waitingIn(kept.store);
const server = await receiveWebhooks(new Intake(bus, ledger), SECRET);

const fulfil: Readonly<Record<Wish, () => Promise<void>>> = {
  drain: () => drained(bus, kept.store, born),
  repair: () => redrive(application, kept.store, log),
  close: async () => {
    await server[Symbol.asyncDispose]();
    await bus.close();
  },
};
process.once("disconnect", () => process.exit(1)); // whoever gave the orders is gone
const wishes = on(process, "message") as AsyncIterable<[Wish]>;
say({ is: "listening", url: server.url, waiting });
for await (const [wish] of wishes) {
  await fulfil[wish]();
  say({ is: "done" });
  if (wish === "close") break;
}
process.removeAllListeners("disconnect").disconnect();
