/** A rehearsal names what would not survive a real broker, and nothing else. */
import { describe, expect, test } from "vitest";
import { type BusOptions, deadLetter, type Delivery, drop, Event } from "../../../src/index.js";
import { rehearsal, rehearse, type RehearsalRun } from "../../../src/testing/fake/rehearsal.js";
import { Keyed, Ping, Pong } from "../../dispatch/setup.js";
import { virtualBus, VirtualTime } from "../../support/virtual.js";

type TestBus = ReturnType<typeof virtualBus>["bus"];
type Subscribe = (bus: TestBus) => void;
type Publish = (bus: TestBus) => Promise<unknown>;

async function busOn(
  { transport, seed }: Pick<RehearsalRun, "transport"> & { seed?: number },
  options: BusOptions = {},
) {
  const time = new VirtualTime({ seed });
  transport.runOn(time.runtime.host);
  return virtualBus({ transport, ...options }, time);
}

/** What one run with both faults finds. */
async function flagged({
  subscribe,
  publish,
  seed,
}: {
  subscribe: Subscribe;
  publish: Publish;
  seed?: number;
}) {
  const run = rehearsal({ seed });
  const { bus, time } = await busOn(run);
  bus.tap("**", (event) => run.check(event));
  subscribe(bus);
  await bus.start();
  await publish(bus);
  await time.rest();
  await bus.idle();
  return run.report();
}

/** What the comparison of runs finds. */
function rehearsed({
  subscribe,
  publish,
  seed,
}: {
  subscribe: () => Subscribe;
  publish: Publish;
  seed?: number;
}) {
  return rehearse(
    async (run) => {
      const { bus, time } = await busOn(run);
      bus.tap("**", (event) => run.check(event));
      subscribe()(bus);
      await bus.start();
      await publish(bus);
      await time.rest();
    },
    { seed },
  );
}

const ping: Publish = (bus) => bus.publish(new Ping({ n: 1 }));
const both: Publish = async (bus) => {
  await bus.publish([new Ping({ n: 1 }), new Pong({ n: 1 })]);
};

describe("idempotence", () => {
  test("a handler that throws when it gets an event again is named", async () => {
    const report = await flagged({
      subscribe: (bus) => {
        const rows = new Set<number>();
        bus.on(Ping, { name: "insert" }, ({ n }) => {
          if (rows.has(n)) throw new Error("duplicate key");
          rows.add(n);
        });
      },
      publish: ping,
    });
    expect(report.findings).toEqual([
      {
        kind: "notIdempotent",
        subscription: "insert",
        event: "test.ping",
        says: "it was done, and ended as deadLetter (failed) when it came again.",
      },
    ]);
    expect(report.survives).toBe(false);
    expect(String(report)).toContain("insert, test.ping: it was done, and ended as deadLetter (failed)");
  });

  test("a handler that publishes something else when it gets an event again is named", async () => {
    const report = await flagged({
      subscribe: (bus) => {
        let total = 0;
        bus.on(Pong, { name: "sink" }, () => undefined);
        bus.on(Ping, { name: "sum" }, async ({ n }, delivery) => {
          total += n;
          await delivery.publish(new Pong({ n: total }));
        });
      },
      publish: ping,
    });
    expect(report.findings).toMatchObject([
      { kind: "notIdempotent", subscription: "sum", says: expect.stringContaining('test.pong {"n":2}') },
    ]);
  });

  test("a handler that drops what it knows, or publishes the same under the same id, is not named", async () => {
    const report = await flagged({
      subscribe: (bus) => {
        const known = new Set<string>();
        bus.on(Pong, { name: "sink" }, () => undefined);
        bus.on(Ping, { name: "drops" }, (_, { eventId }) =>
          known.has(eventId) ? drop("known") : void known.add(eventId),
        );
        bus.on(Ping, { name: "derives" }, async ({ n }, { eventId, publish }) => {
          await publish(new Pong({ n }), { id: `pong-of-${eventId}` });
        });
      },
      publish: ping,
    });
    expect(report.findings).toEqual([]);
    expect(report.notes).toEqual([]);
    expect(report.survives).toBe(true);
    expect(report.redelivered).toEqual(["derives", "drops", "sink"]);
  });

  test("a handler that publishes the same under a new id is worth a look", async () => {
    const report = await flagged({
      subscribe: (bus) => {
        bus.on(Pong, { name: "sink" }, () => undefined);
        bus.on(Ping, { name: "passes-on" }, ({ n }) => bus.publish(new Pong({ n })));
      },
      publish: ping,
    });
    expect(report.findings).toEqual([]);
    expect(report.notes).toEqual([
      expect.stringContaining("passes-on publishes again when it gets test.ping again"),
    ]);
  });

  test("a subscription with dedupe gets nothing again, and one that never succeeds is not tried", async () => {
    let runs = 0;
    const report = await flagged({
      subscribe: (bus) => {
        bus.on(Ping, { name: "dedupes", dedupe: { by: "id", window: "1h" } }, () => void runs++);
        bus.on(Ping, { name: "fails" }, () => deadLetter("always"));
      },
      publish: ping,
    });
    expect(runs).toBe(1);
    expect([report.findings, report.redelivered, report.untried]).toEqual([[], ["dedupes"], ["fails"]]);
  });
});

describe("order", () => {
  const needsPing = (): Subscribe => {
    let hasPing = false;
    return (bus) =>
      void bus.on([Ping, Pong], { name: "reads", lane: { concurrency: 1 } }, (event) => {
        if (event instanceof Ping) hasPing = true;
        else if (!hasPing) throw new Error("no ping yet");
      });
  };
  const seed = 3;

  test("what fails when it overtakes others is suspected by one run, and known by the comparison with a calm one", async () => {
    const one = await flagged({ subscribe: needsPing(), publish: both, seed });
    expect(one.findings).toMatchObject([
      {
        kind: "reliesOnOrder",
        subscription: "reads",
        event: "test.pong",
        says: expect.stringContaining("Perhaps"),
      },
    ]);
    const compared = await rehearsed({ subscribe: needsPing, publish: both, seed });
    expect(compared.findings).toEqual([
      {
        kind: "reliesOnOrder",
        subscription: "reads",
        event: "test.pong",
        says: "in order it ended as done; in another it ended as deadLetter (failed)",
      },
    ]);
  });

  test("what fails in calm, too, does not rely on order", async () => {
    const subscribe = (): Subscribe => (bus) =>
      void bus.on([Ping, Pong], { name: "fails" }, (event) => {
        if (event instanceof Pong) throw new Error("always");
      });
    expect((await rehearsed({ subscribe, publish: both, seed })).findings).toEqual([]);
  });

  test("a handler that publishes otherwise in another order is named", async () => {
    const subscribe = (): Subscribe => {
      let last = "none";
      return (bus) => {
        bus.on(Keyed, { name: "sink" }, () => undefined);
        bus.on(
          [Ping, Pong],
          { name: "after", lane: { concurrency: 1 } },
          async (event: Ping | Pong, delivery: Delivery) => {
            await delivery.publish(new Keyed({ key: `after ${last}`, n: 1 }));
            last = event.constructor.name;
          },
        );
      };
    };
    const report = await rehearsed({ subscribe, publish: both, seed });
    expect(report.findings.filter(({ kind }) => kind === "reliesOnOrder").map((each) => each.event)).toEqual([
      "test.pong",
      "test.ping",
    ]);
  });

  test("events of one key keep their order", async () => {
    const subscribe = (): Subscribe => {
      let last = 0;
      return (bus) =>
        void bus.on(Keyed, { name: "counts" }, ({ n }) => {
          if (n < last) throw new Error("backwards");
          last = n;
        });
    };
    const publish: Publish = (bus) => bus.publish([1, 2, 3, 4].map((n) => new Keyed({ key: "k", n })));
    for (const each of [1, 2, 3, 4, 5]) {
      const report = await rehearsed({ subscribe, publish, seed: each });
      expect(report.findings.filter(({ kind }) => kind === "reliesOnOrder")).toEqual([]);
    }
  });
});

describe("serialisation", () => {
  class Dated extends Event("test.dated")<{ at: Date }> {}

  test("an event that JSON changes is named, with the path and what became of it", async () => {
    const report = await flagged({
      subscribe: (bus) => bus.on(Dated, () => undefined),
      publish: (bus) => bus.publish(new Dated({ at: new Date(0) })),
    });
    expect(report.findings).toMatchObject([
      { kind: "doesNotSurvive", event: "test.dated", says: expect.stringContaining("data.at") },
    ]);
  });
});

describe("a rehearsal", () => {
  test("gives each subscription everything again at first, and goes on by chance", async () => {
    let runs = 0;
    const report = await flagged({
      subscribe: (bus) => bus.on(Ping, { name: "a" }, () => void runs++),
      publish: (bus) => bus.publish(Array.from({ length: 100 }, (_, n) => new Ping({ n }))),
    });
    expect(runs).toBeGreaterThan(103);
    expect(runs).toBeLessThan(140);
    expect(report.reordered).toEqual(["a"]);
  });

  test("leaves receipts as they are: what comes again is not theirs", async () => {
    const run = rehearsal();
    const { bus } = await busOn(run);
    let runs = 0;
    bus.on(Ping, { name: "a" }, () => void runs++);
    await bus.start();
    const receipt = await bus.publish(new Ping({ n: 1 }));
    expect(await receipt.settled()).toMatchObject({ done: 1, notHandled: [] });
    await bus.idle();
    expect(runs).toBe(2);
  });

  test("finds the same with the same seed", async () => {
    const subscribe: Subscribe = (bus) =>
      void bus.on([Ping, Pong], { name: "a" }, (_, { deliveries }) => {
        if (deliveries > 1) throw new Error("again");
      });
    const [one, other] = [
      await flagged({ subscribe, publish: both }),
      await flagged({ subscribe, publish: both }),
    ];
    expect(String(one)).toBe(String(other));
  });

  test("a scenario that fails only with faults is a finding, and one that fails in calm rejects", async () => {
    const report = await rehearse(async ({ name }) => {
      if (name === "redelivered") throw new Error("two mails");
    });
    expect(report.findings).toEqual([
      {
        kind: "notIdempotent",
        subscription: undefined,
        event: undefined,
        says: "the scenario passed in calm and failed here: two mails",
      },
    ]);
    await expect(rehearse(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });
});
