import { describe, expect, it } from "vitest";
import { deadLetter, drop, Event, retry, SelfWaitError } from "../../src/index.js";
import { countListeners } from "../support/listeners.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Root extends Event("settled.root")<{ n: number }> {}
class Child extends Event("settled.child")<{ n: number }> {}

/** Whether a promise has resolved, once everything is at rest. */
async function isDone(promise: Promise<unknown>, time: { rest(): Promise<void> }): Promise<boolean> {
  let isOver = false;
  promise.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  await time.rest();
  return isOver;
}

describe("settled()", () => {
  it("counts everything that an event caused, exactly", async () => {
    const { bus, time } = virtualBus();
    bus.on(Root, { name: "root" }, async (_, { publish }) => {
      for (let n = 0; n < 10; n++) await publish(new Child({ n }));
    });
    bus.on(Child, { name: "odd", when: ({ n }) => n % 2 === 1 }, () => undefined);
    bus.on(Child, { name: "picky" }, ({ n }) => [deadLetter("dead"), drop("dropped"), undefined][n % 3]);
    await bus.start();
    const receipt = await bus.publish(new Root({ n: 0 }));
    const tally = await receipt.settled();
    await time.rest();
    expect(tally).toMatchObject({ done: 1 + 5 + 3, deadLettered: 4, dropped: 3, filtered: 5, unhandled: 0 });
    expect(tally.notHandled).toHaveLength(7);
    expect(tally.notHandled[0]).toMatchObject({
      subscription: "picky",
      outcome: "deadLettered",
      reason: "dead",
    });
    expect(Object.isFrozen(tally)).toBe(true);
  });

  it("waits for retries", async () => {
    const { bus, time } = virtualBus();
    bus.on(Root, { retry: { attempts: 2, delay: "1m", jitter: false } }, (_, { attempt }) =>
      attempt === 1 ? retry() : undefined,
    );
    await bus.start();
    const settled = (await bus.publish(new Root({ n: 1 }))).settled();
    expect(await isDone(settled, time)).toBe(false);
    await time.advance(60_000);
    expect(await settled).toMatchObject({ done: 1 });
  });

  it("waits for children of any depth, whoever awaits them", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    bus.on(Root, ({ n }, { publish }) => void publish(n === 0 ? new Child({ n }) : new Root({ n: n - 1 })));
    bus.on(Child, () => gate.promise);
    await bus.start();
    const settled = (await bus.publish(new Root({ n: 20 }))).settled();
    expect(await isDone(settled, time)).toBe(false);
    gate.resolve();
    expect(await settled).toMatchObject({ done: 22 });
  });

  it("does not wait for what is published after the delivery was settled", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    const never = deferred();
    bus.on(Root, (_, delivery) => void gate.promise.then(() => delivery.publish(new Child({ n: 1 }))));
    bus.on(Child, () => never.promise);
    await bus.start();
    const receipt = await bus.publish(new Root({ n: 1 }));
    await time.rest();
    expect(await receipt.settled()).toMatchObject({ done: 1 });
    gate.resolve();
    await time.rest();
    expect(await receipt.settled()).toMatchObject({ done: 1 });
    never.resolve();
  });

  it("may be asked as often as one likes, before and after", async () => {
    const { bus } = virtualBus();
    bus.on(Root, () => undefined);
    await bus.start();
    const receipt = await bus.publish(new Root({ n: 1 }));
    const tallies = await Promise.all([receipt.settled(), receipt.settled()]);
    tallies.push(await receipt.settled());
    expect(tallies).toEqual([tallies[0], tallies[0], tallies[0]]);
  });

  it("counts events that nobody handles", async () => {
    const { bus } = virtualBus();
    bus.on(Root, (_, { publish }) => publish(new Child({ n: 1 })));
    await bus.start();
    const receipt = await bus.publish(new Root({ n: 1 }));
    expect(await receipt.settled()).toMatchObject({ done: 1, unhandled: 1, notHandled: [] });
  });

  it("lists a thousand and counts all", async () => {
    const { bus } = virtualBus();
    bus.on(Root, async (_, { publish }) => {
      for (let n = 0; n < 1_500; n++) await publish(new Child({ n }));
    });
    bus.on(Child, () => drop("many"));
    await bus.start();
    const tally = await (await bus.publish(new Root({ n: 1 }))).settled();
    expect(tally.dropped).toBe(1_500);
    expect(tally.notHandled).toHaveLength(1_000);
  });

  it("gives up with the reason of its signal, and leaves no listener behind", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    bus.on(Root, () => gate.promise);
    await bus.start();
    const receipt = await bus.publish(new Root({ n: 1 }));
    const controller = new AbortController();
    const counted = countListeners(controller.signal);
    const given = receipt.settled({ signal: controller.signal });
    expect(counted()).toBe(1);
    controller.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    await expect(receipt.settled({ signal: controller.signal })).rejects.toThrow("enough");
    const patient = new AbortController();
    const patients = countListeners(patient.signal);
    const settled = receipt.settled({ signal: patient.signal });
    gate.resolve();
    await settled;
    await time.rest();
    expect(patients()).toBe(0);
  });

  it("is refused inside a delivery, whatever frame is around the call", async () => {
    const { bus, time } = virtualBus();
    const other = await bus.publish(new Child({ n: 1 }));
    const errors: unknown[] = [];
    const note = (error: unknown): void => void errors.push(error);
    bus.on(Root, async () => {
      await other.settled().catch(note);
      await (await bus.publish(new Child({ n: 1 }))).settled().catch(note);
      await bus.transaction(async () => other.settled()).catch(note);
    });
    await bus.start();
    const receipt = await bus.publish(new Root({ n: 1 }));
    await time.rest();
    expect(errors).toEqual([expect.any(SelfWaitError), expect.any(SelfWaitError), expect.any(SelfWaitError)]);
    expect(await receipt.settled()).toMatchObject({ done: 1 });
  });

  it("is allowed in the context of a delivery that is over, and inside one of another bus", async () => {
    const one = virtualBus();
    const two = virtualBus();
    const gate = deferred();
    const tallies: unknown[] = [];
    two.bus.on(Child, () => undefined);
    one.bus.on(Root, async ({ n }) => {
      const receipt = await two.bus.publish(new Child({ n }));
      tallies.push(await receipt.settled());
      void gate.promise.then(async () =>
        tallies.push(await (await one.bus.publish(new Child({ n }))).settled()),
      );
    });
    await Promise.all([one.bus.start(), two.bus.start()]);
    await one.bus.publish(new Root({ n: 1 }));
    await one.time.rest();
    gate.resolve();
    await one.time.rest();
    expect(tallies).toMatchObject([{ done: 1 }, { unhandled: 1 }]);
  });
});
