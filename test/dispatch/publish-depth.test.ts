/** Code of the application that publishes while an event is being published: nested so deep, and no deeper. */
import { expect, test } from "vitest";
import { Event } from "../../src/index.js";
import { expectCountsToAddUp, Ping } from "./setup.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";

type TestBus = ReturnType<typeof virtualBus>["bus"];

/** Where the application is called in the middle of a publish; each publishes the same again. */
const PLACES: Readonly<Record<string, (bus: TestBus, again: () => void) => unknown>> = {
  "a tap": (bus, again) => bus.tap("test.ping", again),
  "a notice": (bus, again) => bus.notices.on("event.published", again),
  when: (bus, again) => bus.on(Ping, { name: "s", when: () => (again(), true) }, () => undefined),
  "the key of a subscription": (bus, again) =>
    bus.on(Ping, { name: "s", key: () => (again(), "k") }, () => undefined),
  "dedupe.by": (bus, again) => {
    let calls = 0;
    const by = (): string => (again(), String(++calls));
    bus.on(Ping, { name: "s", dedupe: { by, window: "1h" } }, () => undefined);
  },
};

async function setup(place: (bus: TestBus, again: () => void) => unknown, options = {}) {
  const { bus, time } = virtualBus(options);
  const errors: unknown[] = [];
  const nest = { isOn: true, calls: 0 };
  const again = (): void => {
    if (!nest.isOn) return;
    nest.calls++;
    bus.publish(new Ping({ n: 1 })).catch((error: unknown) => void errors.push(error));
  };
  bus.on(Ping, { name: "handles" }, () => undefined);
  place(bus, again);
  await bus.start();
  return { bus, time, errors, nest, again };
}

async function expectOrder({ bus, time, errors, nest }: Awaited<ReturnType<typeof setup>>): Promise<void> {
  await bus.publish(new Ping({ n: 0 })).catch((error: unknown) => void errors.push(error));
  await bus.idle();
  expect(nest.calls).toBe(64);
  expect(errors).toMatchObject([{ code: "SIGNALBOX_PUBLISH_DEPTH" }]);
  expectCountsToAddUp(bus);
  for (const lane of bus.lanes.values()) expect(lane).toMatchObject({ waiting: 0, running: 0 });
  nest.isOn = false;
  const receipt = bus.publish(new Ping({ n: 2 }));
  await time.rest();
  expect(await (await receipt).settled()).toMatchObject({ deadLettered: 0 });
}

test.each(Object.keys(PLACES))(
  "%s that publishes what calls it again ends 64 deep, and hurts nobody",
  async (name) => expectOrder(await setup(PLACES[name]!)),
);

test("a stamp that publishes ends 64 deep, and hurts nobody", async () => {
  let again = (): void => undefined;
  const made = await setup(() => undefined, { stamp: () => (again(), {}) });
  again = made.again;
  await expectOrder(made);
});

test("taps of two buses that publish into each other end 64 deep", async () => {
  const time = new VirtualTime();
  const [one, other] = [virtualBus({}, time).bus, virtualBus({}, time).bus];
  const errors: unknown[] = [];
  let calls = 0;
  const into = (bus: TestBus) => (): void => {
    calls++;
    bus.publish(new Ping({ n: 1 })).catch((error: unknown) => void errors.push(error));
  };
  for (const bus of [one, other]) bus.on(Ping, () => undefined);
  one.tap("**", into(other));
  other.tap("**", into(one));
  await Promise.all([one.start(), other.start()]);
  await one.publish(new Ping({ n: 0 }));
  await time.rest();
  expect([calls, errors.length]).toEqual([64, 1]);
});

test("publishes side by side are not nested, however many", async () => {
  class Many extends Event("test.many")<{}> {}
  const { bus, time } = virtualBus();
  bus.on(Ping, () => undefined);
  bus.tap("test.many", () => {
    for (let n = 0; n < 1_000; n++) void bus.publish(new Ping({ n }));
  });
  bus.on(Many, { name: "s" }, () => undefined);
  await bus.start();
  await bus.publish(new Many({}));
  await time.rest();
  await bus.idle();
  expect(bus.describe().counts.published).toBe(1_001);
});
