// The example as a test.
import { expect, test } from "vitest";
import { MailServer } from "../../docs/examples/report-mails/mail-server.js";
import { reportBus, sendReport } from "../../docs/examples/report-mails/run.js";
import { monthlyReport } from "../../docs/examples/report-mails/work.js";
import { GroupFailedError } from "../../src/index.js";

async function setup(unknown: readonly string[]) {
  const server = new MailServer(new Set(unknown));
  const bus = reportBus(server);
  await bus.start();
  return { server, bus, handle: await bus.run(monthlyReport("2026-10")) };
}

const bad = (count: number) => Array.from({ length: count }, (_, index) => `${index + 40}@example.org`);

test("divides a report into many mails and joins them again, retries included", async () => {
  const { server, bus, handle } = await setup(["7@example.org", "70@example.org"]);
  expect(await handle.result()).toBe("2026-10: 98 mails sent, 2 came back (7@example.org, 70@example.org)");
  expect(new Set(server.delivered).size).toBe(98);
  expect(server.delivered).toHaveLength(98);
  expect(bus.deadLetters.size).toBe(2);
  expect([server.isConnected, server.hangUps]).toEqual([false, 1]);
  await bus.close();
  expect(await sendReport(bad(1))).toBe("2026-10: 99 mails sent, 1 came back (40@example.org)");
});

test("fails when more than a tenth of the mails come back, and hangs up all the same", async () => {
  const { server, bus, handle } = await setup(bad(11));
  await expect(handle.result()).rejects.toThrow(GroupFailedError);
  expect([server.isConnected, server.hangUps]).toEqual([false, 1]);
  await bus.close();
});

test("that is cancelled in the middle hangs up once, and sends nothing more", async () => {
  const { server, bus, handle } = await setup([]);
  while (server.delivered.length < 10) await new Promise((resolve) => setImmediate(resolve));
  expect(await handle.cancel("the numbers were wrong")).toBe(true);
  const sent = server.delivered.length;
  await bus.idle();
  expect([sent < 100, server.delivered.length, server.hangUps]).toEqual([true, sent, 1]);
  await bus.close();
});
