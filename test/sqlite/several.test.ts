/** A store that is one of several transports of a bus. */
import { expect, onTestFinished, test } from "vitest";
import { createBus, Event, memory, Task } from "signalbox";
import { sqlite, type SqliteTransport } from "signalbox/sqlite";
import { map } from "signalbox/workflow";
import { setup, until } from "./setup.js";

class Stored extends Event("test.stored", { transport: "other" }) {}
class Double extends Task("math.double")<{ n: number }, number> {}

test("schedules and divided work are kept by the store of the default transport, and by no other", async () => {
  const [kept, apart] = [sqlite({ path: setup().file }), sqlite({ path: setup().file })];
  const buses = [
    createBus({ transports: { default: kept, other: memory() } }),
    createBus({ transports: { default: memory(), other: apart } }),
  ];
  for (const bus of buses) {
    onTestFinished(async () => void (await bus.close()));
    bus.handle(Double, { name: "double" }, ({ n }) => 2 * n);
    bus.on(Stored, { name: "stored" }, () => undefined);
    bus.schedule("nightly", "0 3 * * *", () => new Stored({}));
    await bus.start();
    const work = map(
      Double,
      [1, 2].map((n) => ({ n })),
    );
    expect(await (await bus.run(work, { id: "m-1" })).result()).toEqual([2, 4]);
  }
  const schedules = ({ store }: SqliteTransport): readonly string[] => store.list("schedule/");
  await until(() => schedules(kept).length === 1);
  expect(kept.store.list("task/m-1")).toContain("task/m-1");
  expect([schedules(apart), apart.store.list("task/")]).toEqual([[], []]);
});
