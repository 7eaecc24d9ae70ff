/** Circles of full lanes, through any number of lanes and buses: they end, on the reserve or with an error that names the circle. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CascadeOverflowError, Event, type LaneOptions } from "../../src/index.js";
import { waits } from "../../src/runtime/wait-for.js";
import { expectCountsToAddUp, n } from "../dispatch/setup.js";
import { deferred, virtualBus, VirtualTime } from "../support/virtual.js";

/** So many buses on one clock, and so many lanes, dealt out to them in turn: each with an event of its own. */
async function setup({ lanes, buses, options }: { lanes: number; buses: number; options: LaneOptions }) {
  const time = new VirtualTime();
  const all = n(buses).map(() => virtualBus({}, time).bus);
  const parts = n(lanes).map((at) => {
    const bus = all[at % buses]!;
    return { name: `lane-${at}`, bus, Into: class extends Event(`circle.lane-${at}`)<{ left: number }> {} };
  });
  const most = parts.map(() => 0);
  const publish = async (at: number, left: number): Promise<void> => {
    const { bus, Into, name } = parts[at]!;
    const published = bus.publish(new Into({ left }));
    most[at] = Math.max(most[at]!, bus.lanes.get(name)!.waiting);
    await published;
  };
  const handle = (at: number, handler: (left: number) => Promise<void>): void =>
    void parts[at]!.bus.on(parts[at]!.Into, { name: parts[at]!.name, lane: options }, ({ left }) =>
      handler(left),
    );
  const lane = (at: number) => parts[at]!.bus.lanes.get(parts[at]!.name)!;
  const start = (): Promise<unknown> => Promise.all(all.map((bus) => bus.start()));
  const rest = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) await time.rest();
  };
  const counts = () => all.flatMap((bus) => bus.describe().subscriptions.map((each) => each.counts));
  function expectQuiet(): void {
    expect(parts.map((_, at) => [lane(at).waiting, lane(at).running, lane(at).waitingPublishes])).toEqual(
      parts.map(() => [0, 0, 0]),
    );
    expect(waits()).toBe(0);
    for (const bus of all) expectCountsToAddUp(bus);
  }
  return {
    all,
    names: parts.map(({ name }) => name),
    most,
    publish,
    handle,
    lane,
    start,
    rest,
    time,
    counts,
    expectQuiet,
  };
}

const CAPACITY = 3;

/** Each lane publishes into the next; each has one slot, taken by a handler that waits for `open`, and is full. */
async function circle({ lanes, buses, hops, copies }: Record<"lanes" | "buses" | "hops" | "copies", number>) {
  const parts = await setup({ lanes, buses, options: { capacity: CAPACITY, concurrency: 1 } });
  const { publish, handle, start, time } = parts;
  const open = deferred();
  const errors: unknown[] = [];
  const isLast = (at: number): boolean => at === lanes - 1;
  for (const at of n(lanes))
    handle(at, async (left) => {
      await open.promise;
      if (left === 0) return;
      for (const _ of n(isLast(at) ? copies : 1))
        await publish((at + 1) % lanes, left - 1).catch((error: unknown) => void errors.push(error));
    });
  await start();
  for (const at of n(lanes)) {
    await publish(at, hops);
    await time.rest(); // it runs, and what runs takes no place
    for (const _ of n(CAPACITY)) await publish(at, hops);
  }
  return { ...parts, open, errors };
}

describe.each([
  { lanes: 1, buses: 1 },
  { lanes: 2, buses: 1 },
  { lanes: 3, buses: 1 },
  { lanes: 8, buses: 1 },
  { lanes: 2, buses: 2 },
  { lanes: 3, buses: 2 },
  { lanes: 6, buses: 3 },
])("a circle of $lanes full lanes in $buses buses", ({ lanes, buses }) => {
  test("ends with nothing lost: what would close it draws on the reserve", async () => {
    const { open, names, most, lane, errors, rest, counts, expectQuiet } = await circle({
      lanes,
      buses,
      hops: 5,
      copies: 1,
    });
    expect(names.map((_, at) => lane(at).waiting)).toEqual(names.map(() => CAPACITY));
    open.resolve();
    await rest();
    const handled = (1 + CAPACITY) * (1 + 5);
    expect(counts()).toMatchObject(names.map(() => ({ routed: handled, handled })));
    expect(errors).toEqual([]);
    expect(Math.max(...most)).toBeGreaterThan(CAPACITY);
    expect(Math.max(...most)).toBeLessThanOrEqual(2 * CAPACITY);
    expectQuiet();
  });

  test("fails past the reserve with an error that names the lanes, in the order of waiting", async () => {
    const { open, names, errors, rest, counts, expectQuiet } = await circle({
      lanes,
      buses,
      hops: 1,
      copies: 3 * CAPACITY,
    });
    open.resolve();
    await rest();
    const chain = [names.at(-1)!, ...names];
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error).toBeInstanceOf(CascadeOverflowError);
      expect(error).toMatchObject({ code: "SIGNALBOX_CASCADE_OVERFLOW", lane: "lane-0", chain });
      expect((error as Error).message).toContain(chain.join(" → "));
    }
    for (const { routed, handled } of counts()) expect(handled).toBe(routed);
    expectQuiet();
  });
});

test("whatever lanes publish into whatever others, none stops for ever, and none holds more than twice its capacity", async () => {
  const web = fc.integer({ min: 1, max: 5 }).chain((lanes) =>
    fc.record({
      lanes: fc.constant(lanes),
      buses: fc.integer({ min: 1, max: 3 }),
      options: fc.record({
        capacity: fc.integer({ min: 1, max: 3 }),
        concurrency: fc.integer({ min: 1, max: 2 }),
        waitingMax: fc.constant(1_000),
      }),
      into: fc.array(fc.array(fc.nat(lanes - 1), { maxLength: 2 }), { minLength: lanes, maxLength: lanes }),
      roots: fc.array(fc.record({ at: fc.nat(lanes - 1), left: fc.nat(4) }), { minLength: 1, maxLength: 12 }),
    }),
  );
  let reserves = 0;
  let overflows = 0;
  await fc.assert(
    fc.asyncProperty(web, async ({ into, roots, ...given }) => {
      const { publish, handle, start, rest, most, counts, all, expectQuiet } = await setup(given);
      for (const [at, targets] of into.entries())
        handle(at, async (left) => {
          if (left > 0) for (const to of targets) await publish(to, left - 1);
        });
      await start();
      const published = Promise.all(roots.map(({ at, left }) => publish(at, left)));
      await rest(); // without a timer: what waits for waitMax has stopped
      await published;
      expectQuiet();
      expect(Math.max(...most)).toBeLessThanOrEqual(2 * given.options.capacity);
      for (const { routed, handled, deadLettered } of counts()) expect(handled + deadLettered).toBe(routed);
      const letters = (await Promise.all(all.map((bus) => bus.deadLetters.list()))).flat();
      for (const { attempts } of letters) expect(attempts.at(-1)?.error).toBeInstanceOf(CascadeOverflowError);
      overflows += letters.length;
      if (Math.max(...most) > given.options.capacity) reserves++;
    }),
    { numRuns: 300 },
  );
  expect([reserves > 0, overflows > 0]).toEqual([true, true]);
}, 60_000);
