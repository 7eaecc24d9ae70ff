/** What can be said of a test bus: lists, matchers, plain functions, the transcript. */
import { deadLetter, drop, Event, On, retry, Subscriber } from "signalbox";
import { assert, createTestBus, type TestBusOptions } from "signalbox/testing";
import "signalbox/testing/vitest";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";

class Placed extends Event("shop.placed")<{ id: string; total: number; lines?: { sku: string }[] }> {}
class Paid extends Event("shop.paid")<{ id: string }> {}
class Refunded extends Event("shop.refunded")<{ id: string }> {}
class Forgotten extends Event("shop.forgotten")<{ id: string }> {}

@Subscriber({ name: "desk", retry: { attempts: 3, delay: "1s", jitter: false } })
class Desk {
  @On(Placed) async charge(
    { id, total }: Placed,
    { attempt, publish }: { attempt: number; publish: unknown },
  ) {
    void publish;
    if (total === 13 && attempt === 1) throw new Error("the bank is closed");
    if (total === 14) throw new RangeError("too unlucky");
    if (total === 15) return drop("no money");
    if (total === 16) return deadLetter("fraud");
    return id;
  }
}
@Subscriber({ name: "log" })
class AuditLog {
  @On([Placed, Paid]) write() {}
}

async function setup(options: TestBusOptions = {}) {
  const bus = await createTestBus({ subscribers: [Desk, AuditLog] as never, ...options });
  const place = async (total: number) => {
    await bus.publish(new Placed({ id: "o-1", total }));
    await bus.clock.runAll();
  };
  return { bus, place };
}

function messageOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
}

describe("the lists of a test bus", () => {
  it("hold what was published, in order and by class", async () => {
    const { bus } = await setup();
    await bus.publish([
      new Placed({ id: "a", total: 1 }),
      new Paid({ id: "b" }),
      new Placed({ id: "c", total: 2 }),
    ]);
    await bus.idle();
    expect(bus.published(Placed).map((each) => each.total)).toEqual([1, 2]);
    expect(bus.published([Placed, Paid]).map((each) => each.id)).toEqual(["a", "b", "c"]);
    expect(bus.published(Refunded)).toEqual([]);
  });

  it("hold every delivery that was handled, with its subscription and attempt", async () => {
    const { bus, place } = await setup();
    await place(13);
    expect(bus.handled(Placed)).toMatchObject([
      { subscription: "log.write", attempt: 1, outcome: { outcome: "done" } },
      { subscription: "desk.charge", attempt: 2, event: { total: 13 } },
    ]);
    expect(bus.handled(Placed, AuditLog)).toHaveLength(1);
    expect(bus.handled(Paid, AuditLog)).toHaveLength(0);
  });

  it("tell attempts that failed, were retried, and ended as dead letters", async () => {
    const { bus, place } = await setup();
    await place(14);
    const facts = { subscription: "desk.charge", error: new RangeError("too unlucky") };
    expect(bus.failed(Placed)).toMatchObject([1, 2, 3].map((attempt) => ({ ...facts, attempt })));
    expect(bus.retried(Placed)).toMatchObject([
      { attempt: 1, outcome: { outcome: "retry" } },
      { attempt: 2 },
    ]);
    expect(bus.deadLettered(Placed, Desk)).toMatchObject([
      { ...facts, attempt: 3, outcome: { outcome: "deadLetter", reason: "failed" } },
    ]);
  });

  it("tell what a handler dropped", async () => {
    const { bus, place } = await setup();
    await place(15);
    expect(bus.dropped(Placed)).toMatchObject([
      { subscription: "desk.charge", outcome: { outcome: "drop", reason: "no money" } },
    ]);
    expect([bus.failed(Placed), bus.deadLettered(Placed)]).toEqual([[], []]);
  });

  it("tell what nobody was there for, whether the publish was refused or not", async () => {
    const { bus } = await setup();
    await expect(bus.publish(new Forgotten({ id: "a" }))).rejects.toThrow("No subscription handles");
    expect(bus.unhandled(Forgotten)).toMatchObject([{ id: "a" }]);
    const { bus: tolerant } = await setup({ onUnhandled: "ignore" });
    await tolerant.publish(new Forgotten({ id: "b" }));
    expect(tolerant.unhandled(Forgotten)).toMatchObject([{ id: "b" }]);
  });

  it("tell what invoke ran, and how that failed", async () => {
    const { bus } = await setup();
    await bus.invoke(new Placed({ id: "a", total: 1 }));
    await expect(bus.invoke(new Placed({ id: "b", total: 14 }))).rejects.toThrow("too unlucky");
    expect(bus.handled(Placed, Desk)).toMatchObject([{ event: { id: "a" } }]);
    expect(bus.failed(Placed, Desk)).toMatchObject([
      { event: { id: "b" }, error: new RangeError("too unlucky") },
    ]);
    expect(bus.published(Placed)).toEqual([]);
  });
});

describe("matchers and plain functions", () => {
  it("agree on what was published", async () => {
    const { bus, place } = await setup();
    await place(1);
    expect(bus).toHavePublished(Placed);
    expect(bus).toHavePublished(Placed, { total: 1 });
    expect(bus).not.toHavePublished(Placed, { total: 2 });
    expect(bus).not.toHavePublished(Paid);
    assert.published(bus, Placed, { id: "o-1" });
    assert.not.published(bus, Paid);
    expect(() => expect(bus).toHavePublished(Paid)).toThrow("Expected shop.paid to be published.");
    expect(() => expect(bus).not.toHavePublished(Placed)).toThrow(
      "Expected shop.placed not to be published.",
    );
    expect(() => assert.published(bus, Placed, { total: 2 })).toThrow(
      'shop.placed to be published with {"total":2}',
    );
    expect(() => assert.not.published(bus, Placed)).toThrow("not to be published");
  });

  it("take asymmetric matchers, parts, dates and schemas as data", async () => {
    const { bus } = await setup();
    await bus.publish(new Placed({ id: "o-7", total: 3, lines: [{ sku: "a" }, { sku: "b" }] }));
    await bus.idle();
    expect(bus).toHavePublished(Placed, expect.objectContaining({ total: 3 }));
    expect(bus).toHavePublished(Placed, { id: expect.stringMatching(/^o-/), total: expect.any(Number) });
    expect(bus).toHavePublished(Placed, { lines: [{ sku: "a" }, { sku: expect.anything() }] });
    expect(bus).toHavePublished(Placed, z.object({ total: z.number().min(3) }));
    expect(bus).toHavePublished(Placed, v.object({ id: v.pipe(v.string(), v.startsWith("o-")) }));
    expect(bus).not.toHavePublished(Placed, { lines: [{ sku: "a" }] });
    expect(bus).not.toHavePublished(Placed, { id: expect.stringMatching(/^x-/) });
    expect(bus).not.toHavePublished(Placed, z.object({ total: z.number().min(4) }));
  });

  it("count what was published, and look at its order", async () => {
    const { bus } = await setup();
    await bus.publish([
      new Placed({ id: "a", total: 1 }),
      new Paid({ id: "a" }),
      new Placed({ id: "b", total: 1 }),
    ]);
    await bus.idle();
    expect(bus).toHavePublishedTimes(Placed, 2);
    expect(bus).not.toHavePublishedTimes(Placed, 1);
    expect(bus).toHavePublishedInOrder([Placed, Paid]);
    expect(bus).toHavePublishedInOrder([Placed, Placed]);
    expect(bus).not.toHavePublishedInOrder([Paid, Paid]);
    expect(bus).not.toHavePublishedInOrder([Paid, Placed, Placed]);
    assert.publishedTimes(bus, Paid, 1);
    assert.publishedInOrder(bus, [Paid, Placed]);
    expect(() => assert.publishedTimes(bus, Placed, 1)).toThrow("to be published once, not 2");
    expect(() => assert.not.publishedInOrder(bus, [Paid, Placed])).toThrow(
      "shop.paid, then shop.placed not to be",
    );
  });

  it("look at deliveries: handled, retried, dead-lettered, of one subscriber", async () => {
    const { bus, place } = await setup();
    await place(14);
    expect(bus).toHaveHandled(Placed);
    expect(bus).toHaveHandled(Placed, { by: AuditLog, data: { total: 14 } });
    expect(bus).not.toHaveHandled(Placed, { by: Desk });
    expect(bus).toHaveRetried(Placed, { by: Desk, times: 2 });
    expect(bus).not.toHaveRetried(Placed, { times: 3 });
    expect(bus).not.toHaveRetried(Placed, { by: AuditLog });
    expect(bus).toHaveDeadLettered(Placed, { by: Desk, reason: "failed" });
    expect(bus).toHaveDeadLettered(Placed, { reason: /fail/ });
    expect(bus).not.toHaveDeadLettered(Placed, { reason: "fail" });
    expect(bus).not.toHaveDeadLettered(Placed, { by: AuditLog });
    assert.handled(bus, Placed, { by: AuditLog });
    assert.retried(bus, Placed);
    assert.deadLettered(bus, Placed);
    assert.not.handled(bus, Placed, { by: Desk });
    expect(() => assert.not.deadLettered(bus, Placed)).toThrow("not to be dead-lettered");
    expect(() => assert.retried(bus, Placed, { times: 1 })).toThrow("to be retried once, not 2");
    expect(() => assert.handled(bus, Placed, { by: Desk })).toThrow("to be handled by Desk");
  });

  it("throw while the bus is at work, the negations too, so that no forgotten await passes", async () => {
    const { bus } = await setup();
    void bus.publish(new Placed({ id: "a", total: 1 }));
    const says = /await bus\.idle\(\) first/;
    expect(() => expect(bus).toHavePublished(Placed)).toThrow(says);
    expect(() => expect(bus).not.toHavePublished(Refunded)).toThrow(says);
    expect(() => expect(bus).toMatchTranscript()).toThrow(says);
    expect(() => assert.not.published(bus, Refunded)).toThrow(says);
    expect(bus).not.toBeIdle();
    await bus.idle();
    expect(bus).toBeIdle();
    assert.idle(bus);
    const moved = bus.clock.advance("1s");
    expect(() => expect(bus).toHavePublished(Placed)).toThrow("its clock is being moved");
    await moved;
    expect(() => expect(createTestBus()).toBeIdle()).toThrow(
      "Expected a bus of createTestBus(), got `Promise",
    );
  });

  it("print the causal tree when they fail", async () => {
    const { bus } = await setup();
    bus.on(Paid, { name: "mail" }, ({ id }, delivery) => delivery.publish(new Refunded({ id })));
    bus.on(Refunded, { name: "bank", when: () => false }, () => {});
    await bus.publish(new Paid({ id: "a" }));
    await bus.publish(new Placed({ id: "b", total: 13 }));
    await bus.clock.runAll();
    expect(messageOf(() => expect(bus).toHaveDeadLettered(Placed))).toBe(
      [
        "Expected shop.placed to be dead-lettered. What happened:",
        "",
        'shop.paid #1 {"id":"a"}',
        "  log.write: handled",
        "  mail: handled",
        '    shop.refunded #2 {"id":"a"}',
        "      bank: filtered",
        'shop.placed #3 {"id":"b","total":13}',
        "  desk.charge: retried (Error: the bank is closed), after 1 s handled",
        "  log.write: handled",
        "",
      ].join("\n"),
    );
  });
});

describe("the transcript", () => {
  it("is the same in every run, whatever the ids", async () => {
    const told = async (seed: number) => {
      const { bus } = await setup({ seed });
      bus.on(Paid, { name: "mail" }, async ({ id }, delivery) => {
        await delivery.sleep("90s");
        await delivery.publish(new Refunded({ id: `${id}-${seed}` }), { id: `own-${seed}` });
      });
      bus.on(Refunded, { name: "bank" }, () => retry({ after: "1s", reason: "later" }));
      await bus.publish(new Paid({ id: "a" }));
      await bus.clock.runAll();
      expect(bus).toMatchTranscript();
      return bus.transcript();
    };
    const first = await told(1);
    expect(await told(2)).toBe(first);
    expect(first).toMatchInlineSnapshot(`
      "shop.paid #1
        log.write: handled
        mail: after 90 s handled
          shop.refunded #2
            bank: dead-lettered (failed)"
    `);
  });
});

it("a check that has said that the bus is at work is what the test fails with, and not its disposal", async () => {
  const failing = async (): Promise<void> => {
    await using bus = await createTestBus({ subscribers: [Desk, AuditLog] });
    await bus.publish(new Placed({ id: "o-1", total: 1 }));
    expect(bus).toHavePublished(Placed);
  };
  await expect(failing()).rejects.toThrow(/^The test bus is at work, so nothing can be said of it yet/);
});
