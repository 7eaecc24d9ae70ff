/** Tasks through the transport port: where a lane holds the queue, and where a store does. */
import { expect, test } from "vitest";
import type { BusOptions } from "../../src/index.js";
import { group } from "../../src/workflow/index.js";
import { mismatches } from "../dispatch/setup.js";
import { PortedMemory, ShelfStore, type Weather } from "../transport/transports.js";
import { wire } from "../transport/store-setup.js";
import { gatedBus, Double, seen } from "./setup.js";

const ported = (weather: Weather = {}): BusOptions => ({ transport: new PortedMemory(weather) });

test.each<[string, BusOptions]>([
  ["memory behind the port", ported()],
  ["memory that delivers late", ported({ isLazy: true })],
  ["a store", { transport: new ShelfStore() }],
])("a task comes back with its result through %s", async (_, options) => {
  const { bus, time, calls } = await gatedBus(options);
  const handle = await bus.run(new Double({ n: 1 }));
  await time.rest();
  expect(handle.state).toBe("running");
  calls[0]!.give(2);
  await time.rest();
  expect(await handle.result()).toBe(2);
  expect(mismatches(bus)).toEqual([]);
});

test("a send that fails rejects the run, and the member of a group that it was", async () => {
  const beforeSend = (): void => {
    throw new Error("no route to host");
  };
  const { bus } = await gatedBus(ported({ beforeSend }));
  await expect(bus.run(new Double({ n: 1 }), { id: "lost" })).rejects.toThrow("no route to host");
  expect(bus.results.get("lost")?.state).toBe("failed");
  const handle = await bus.run(group([new Double({ n: 1 })]));
  await expect(handle.result()).rejects.toMatchObject({
    code: "SIGNALBOX_GROUP_FAILED",
    cause: { message: "no route to host" },
  });
});

test("a delivery that comes twice gives one result", async () => {
  const store = new ShelfStore();
  const { bus, time, calls } = await gatedBus({ transport: store });
  const handle = await bus.run(new Double({ n: 1 }), { id: "w-1" });
  const result = seen(handle);
  await time.rest();
  await store.send([wire("math.double", { n: 1 })]);
  await time.rest();
  expect(calls).toHaveLength(2);
  calls[1]!.give(4);
  calls[0]!.give(2);
  await time.rest();
  expect([result.times, result.value, await handle.result()]).toEqual([1, 4, 4]);
});

test("a task from elsewhere is handled here, and its result is here by its id", async () => {
  const store = new ShelfStore();
  const { bus, time, calls } = await gatedBus({ transport: store });
  await store.send([wire("math.double", { n: 1 })]);
  await time.rest();
  calls[0]!.give(2);
  await time.rest();
  expect(await bus.results.get("w-1", Double)?.result()).toBe(2);
});

test("a task that is cancelled on its way never reaches its handler", async () => {
  const { bus, time, calls } = await gatedBus(ported({ isLazy: true }));
  const handle = await bus.run(new Double({ n: 1 }));
  expect(await handle.cancel("changed my mind")).toBe(true);
  await time.rest();
  expect([calls.length, handle.state, mismatches(bus)]).toEqual([0, "cancelled", []]);
});
