// Puts it on a bus and runs it.
import { type Bus, type Container, createBus, type Logger } from "signalbox";
import { Report } from "./handlers.js";
import { MailServer } from "./mail-server.js";
import { monthlyReport } from "./work.js";

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export function reportBus(server: MailServer): Bus {
  return createBus({ subscribers: [Report], container: containerWith(server), logger: quiet });
}

/** The shortest container that there is: one class needs one thing. */
function containerWith(server: MailServer): Container {
  return {
    resolve: (token) => (token === Report ? new Report(server) : server),
    provide: () => undefined,
  };
}

export async function sendReport(unknown: readonly string[]): Promise<string> {
  const server = new MailServer(new Set(unknown));
  await using bus = reportBus(server);
  await bus.start();
  const handle = await bus.run(monthlyReport("2026-10"));
  return await handle.result();
}
