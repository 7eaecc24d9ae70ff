/** What is published for later on one file, whose times are those of the processes' clocks. */
import { expect, test } from "vitest";
import { processRuntime } from "../../src/runtime/runtime.js";
import { group, until, wire } from "../support/kept-items.js";
import { setup } from "./setup.js";

test("what is due by another process's clock, and taken there, is not cancelled or moved", async () => {
  const { open: opened } = setup();
  const { host } = processRuntime;
  const ahead = { ...host, now: () => host.now() + 3_600_000 };
  const [here, there] = [await opened(), await opened()];
  there.transport.runOn(ahead);
  await there.transport.declare(group("reader"));
  there.transport.credit("reader", 1);
  await here.transport.send(["a", "b"].map((id) => wire(id, { dueAt: host.now() + 60_000 })));
  await until(() => there.items.length === 1);
  const { store } = here.transport;
  expect([await store.reschedule("a", undefined), await store.reschedule("b", host.now())]).toEqual([
    false, // it runs
    false, // its turn has come
  ]);
  expect(await there.transport.settle(there.items[0]!, { kind: "done" })).toBe("settled");
});
