/** A test bus is the bus of production, with other surroundings. */
import {
  Bus,
  createBus,
  Clock,
  type Delivery,
  Event,
  On,
  plain,
  Subscriber,
  type BusOptions,
  type Transport,
} from "signalbox";
import {
  createTestBus,
  deliveryOf,
  fakeTransport,
  InjectedFaultError,
  provide,
  survivesJson,
} from "signalbox/testing";
import { container, tsyringe } from "signalbox/tsyringe";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { factsOf } from "../support/source-facts.js";
import { filesUnder, textOf } from "../support/repository.js";

class Placed extends Event("shop.placed", z.object({ id: z.string(), at: z.coerce.date().optional() }), {
  key: ({ id }) => id,
}) {}
class Paid extends Event("shop.paid")<{ id: string; at?: unknown }> {}

class Mailer {
  readonly sent: string[] = [];
  send(to: string): void {
    this.sent.push(to);
  }
}

@Subscriber({ inject: [Mailer] })
class Mails {
  constructor(private readonly mailer: Mailer) {}
  @On(Placed) async send({ id }: Placed, delivery: Delivery) {
    this.mailer.send(id);
    await delivery.publish(new Paid({ id }));
  }
}
@Subscriber()
class Log {
  static lines: string[] = [];
  @On(Paid) write({ id }: Paid) {
    Log.lines.push(id);
  }
}

/* What an application exports. */
function busOptions() {
  const services = plain();
  services.provide(Mailer, new Mailer());
  return { subscribers: [Mails, Log], container: services, lanes: { mail: {} } } satisfies BusOptions;
}

function setup() {
  const mailer = new Mailer();
  Log.lines = [];
  return { mailer, options: { ...busOptions(), provide: [provide(Mailer, mailer)] } };
}

describe("a test bus", () => {
  it("runs the production wiring from the application's own options function", async () => {
    const { mailer, options } = setup();
    await using bus = await createTestBus(options);
    await bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    expect([mailer.sent, Log.lines]).toEqual([["a"], ["a"]]);
    expect(bus).toBeInstanceOf(Bus);
    const production = createBus(busOptions());
    expect(production.describe().subscriptions.map(({ name }) => name)).toEqual(
      bus.describe().subscriptions.map(({ name }) => name),
    );
    await production.close();
  });

  it("gives the same ids and the same chance for the same seed", async () => {
    const told = async (seed: number) => {
      const bus = await createTestBus({ seed, journal: { size: 10 } });
      const delays: number[] = [];
      bus.on(Placed, { retry: { attempts: 4, delay: "1s" } }, () => {
        delays.push(bus.clock.now().getTime());
        throw new Error("again");
      });
      const { id } = await bus.publish(new Placed({ id: "a" }));
      await bus.clock.runAll();
      return [id, ...delays];
    };
    expect(await told(1)).toEqual(await told(1));
    expect(await told(1)).not.toEqual(await told(2));
  });

  it("keeps a journal, refuses what nobody handles and freezes nested data", async () => {
    const { options } = setup();
    await using bus = await createTestBus({ ...options, json: false });
    const nested = { list: [1] };
    bus.on(Paid, ({ at }) => expect(Object.isFrozen((at as typeof nested).list)).toBe(true));
    const { id } = await bus.publish(new Paid({ id: "a", at: nested }));
    await bus.idle();
    expect(bus.explain(id).map(({ decision }) => decision)).toEqual(["routed", "routed", "done", "done"]);
    expect(bus.deadLettered(Paid)).toEqual([]);
    class Nobodys extends Event("shop.nobodys") {}
    await expect(bus.publish(new Nobodys())).rejects.toThrow("No subscription handles");
  });

  it("takes the application's word where its options say otherwise", async () => {
    await using bus = await createTestBus({ onUnhandled: "ignore", journal: false, isolate: undefined });
    const { id } = await bus.publish(new Paid({ id: "a" }));
    expect(bus.explain(id)).toEqual([]);
  });

  it("provides its clock to whoever asks for one", async () => {
    @Subscriber({ inject: [Clock] })
    class Dated {
      static at: string[] = [];
      constructor(private readonly clock: Clock) {}
      @On(Paid) note() {
        Dated.at.push(this.clock.now().toISOString());
      }
    }
    await using bus = await createTestBus({ subscribers: [Dated] });
    await bus.clock.advance("90m");
    await bus.publish(new Paid({ id: "a" }));
    await bus.idle();
    expect(Dated.at).toEqual(["2026-01-01T01:30:00.000Z"]);
  });

  it("takes fakes for the tokens of any container", async () => {
    const { mailer } = setup();
    const child = container.createChildContainer();
    const options = { subscribers: [Mails, Log], container: tsyringe(child) };
    await using bus = await createTestBus({
      ...options,
      provide: [provide(Mailer, { send: (to) => mailer.send(to) })],
    });
    await bus.publish(new Placed({ id: "b" }));
    await bus.idle();
    expect(mailer.sent).toEqual(["b"]);
  });

  it("is started unless it is told not to", async () => {
    const { options } = setup();
    await using bus = await createTestBus({ ...options, start: false });
    const receipt = await bus.publish(new Paid({ id: "a" }));
    expect(receipt.held).toBe(true);
    await bus.start();
    await bus.idle();
    expect(Log.lines).toEqual(["a"]);
  });

  it("tells misspelt and impossible options", async () => {
    await expect(createTestBus({ mode: "fast" as never, seed: -1 })).rejects.toThrow(
      /`createTestBus\.mode` to be "run", "capture" or "manual".*\n.*`createTestBus\.seed`/,
    );
    await expect(createTestBus({ modes: "run" } as never)).rejects.toThrow(
      "Unknown option `modes` in `createTestBus`. Did you mean `mode`?",
    );
    await expect(createTestBus({ only: [Log] })).rejects.toThrow(
      "Expected `only` to name subscribers of the bus, got Log",
    );
  });

  it("has nothing that the front door leads to", () => {
    const sources = new Map(
      filesUnder("src", ".ts").map((file) => [file, factsOf(file, textOf(file)).imports] as const),
    );
    const seen = new Set<string>();
    const walk = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const from of sources.get(file) ?? [])
        if (from.startsWith("."))
          walk(new URL(from.replace(/\.js$/, ".ts"), `file:///${file}`).pathname.slice(1));
    };
    walk("src/index.ts");
    expect(seen.size).toBeGreaterThan(50);
    expect([...seen].filter((file) => file.startsWith("src/testing/"))).toEqual([]);
  });
});

describe("the modes of a test bus", () => {
  it("capture records events and runs no handler; what is muted counts as handled", async () => {
    const { mailer, options } = setup();
    await using bus = await createTestBus({ ...options, mode: "capture" });
    const receipt = await bus.publish(new Placed({ id: "a" }));
    expect(await receipt.settled()).toMatchObject({ done: 1, unhandled: 0 });
    expect([mailer.sent, bus.published(Placed).length, bus.published(Paid).length]).toEqual([[], 1, 0]);
    expect([bus.unhandled(Placed), bus.handled(Placed)]).toEqual([[], []]);
    expect(bus.transcript()).toBe("shop.placed #1\n  Mails.send: muted");
  });

  it("only runs the subscribers that it names, and functions", async () => {
    const { mailer, options } = setup();
    await using bus = await createTestBus({ ...options, only: [Mails] });
    const heard: string[] = [];
    bus.on(Paid, ({ id }) => void heard.push(id));
    await bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    expect([mailer.sent, Log.lines, heard]).toEqual([["a"], [], ["a"]]);
    expect(bus.handled(Paid).map(({ subscription }) => subscription)).toEqual(["shop.paid#1"]);
  });

  it("manual runs one delivery for each step", async () => {
    const { mailer, options } = setup();
    await using bus = await createTestBus({ ...options, mode: "manual" });
    await bus.publish([new Placed({ id: "a" }), new Placed({ id: "b" })]);
    await bus.idle();
    expect(mailer.sent).toEqual([]);
    expect(await bus.step()).toBe(true);
    expect([mailer.sent, bus.handled(Placed).length, Log.lines]).toEqual([["a"], 1, []]);
    expect([await bus.step(), await bus.step()]).toEqual([true, true]);
    expect([mailer.sent, Log.lines]).toEqual([["a", "b"], ["a"]]);
    expect([await bus.step(), await bus.step()]).toEqual([true, false]);
    expect(Log.lines).toEqual(["a", "b"]);
  });

  it("manual counts retries as steps too, and may be left with some to go", async () => {
    const bus = await createTestBus({ mode: "manual" });
    const attempts: number[] = [];
    bus.on(Paid, { retry: { attempts: 3, delay: "1s", jitter: false } }, (_, { attempt }) => {
      attempts.push(attempt);
      throw new Error("again");
    });
    await bus.publish(new Paid({ id: "a" }));
    expect([await bus.step(), await bus.step(), attempts]).toEqual([true, false, [1]]);
    await bus.clock.advance("1s");
    expect(await bus.step()).toBe(true);
    await bus.clock.advance("10s");
    const before = bus.clock.now();
    await bus[Symbol.asyncDispose]();
    expect(bus.clock.now()).toEqual(before); // what is held hears the abort: no grace has to pass
    expect([attempts, bus.health().live]).toEqual([[1, 2], false]);
  });

  it("manual leaves invoke alone, and the others have no steps", async () => {
    const { mailer, options } = setup();
    await using bus = await createTestBus({ ...options, mode: "manual" });
    await bus.invoke(new Placed({ id: "a" }));
    expect(mailer.sent).toEqual(["a"]);
    await using running = await createTestBus();
    await expect(running.step()).rejects.toThrow('mode: "manual"');
  });
});

describe("events on a test bus", () => {
  it("reach handlers as they come back from JSON", async () => {
    const bus = await createTestBus();
    const got: Placed[] = [];
    bus.on(Placed, (event) => void got.push(event));
    bus.on(Placed, (event) => void got.push(event));
    const event = new Placed({ id: "a", at: "2026-02-03" });
    await bus.publish(event);
    await bus.idle();
    expect(got).toEqual([event, event]);
    expect(got[0]).toBeInstanceOf(Placed);
    expect(got[0] === event).toBe(false);
    expect(got[0]!.at).toEqual(new Date("2026-02-03"));
    await bus.close();
  });

  it.each([
    ["a Map", new Map(), "data.at: `Map(0) {}` (object) does not survive JSON"],
    ["a Date that no schema makes again", new Date(0), "comes back from JSON as another: `data.at` was"],
    ["a function in a list", [() => 1], "data.at[0]"],
    ["NaN", Number.NaN, "data.at"],
  ])("are refused with the event's name and the path where they hold %s", async (_, at, says) => {
    const bus = await createTestBus({ events: Paid, onUnhandled: "ignore" });
    const refused = bus.publish(new Paid({ id: "a", at }));
    await expect(refused).rejects.toThrow(/^Event shop\.paid /);
    await expect(refused).rejects.toThrow(says);
    await expect(bus.invoke(new Paid({ id: "a", at }))).rejects.toThrow(says);
    expect(bus.published(Paid)).toEqual([]);
  });

  it("are refused inside deliveries and transactions too", async () => {
    const bus = await createTestBus({ onUnhandled: "ignore" });
    bus.on(Placed, ({ id }, delivery) => delivery.publish(new Paid({ id, at: new Set() })));
    await bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    expect(bus.deadLettered(Placed)[0]?.error).toMatchObject({
      message: expect.stringContaining("data.at") as string,
    });
    const work = bus.transaction(async (tx) => tx.publish(new Paid({ id: "a", at: new Set() })));
    await expect(work).rejects.toThrow("Event shop.paid does not survive JSON");
  });

  it("are refused where their schema does not take its own result", async () => {
    class Counted extends Event("shop.counted", z.object({ n: z.string().transform(Number) })) {}
    const bus = await createTestBus({ onUnhandled: "ignore" });
    await expect(bus.publish(new Counted({ n: "1" }))).rejects.toThrow(
      "Event shop.counted does not survive JSON: its own JSON is refused",
    );
    await expect(bus.publish([new Counted({ n: "1" })])).rejects.toThrow("shop.counted");
  });
});

describe("a test bus with other transports", () => {
  it("a rehearsal finds the subscriber that does the same twice, when the bus is disposed", async () => {
    const bus = await createTestBus({ rehearsal: true });
    const rows = new Set<string>();
    bus.on(Paid, { name: "ledger.insert" }, ({ id }) => {
      if (rows.has(id)) throw new Error("duplicate key");
      rows.add(id);
    });
    bus.on(Paid, { name: "ledger.look" }, ({ id }) => void rows.has(id));
    await bus.publish(new Paid({ id: "a" }));
    await bus.idle();
    expect(bus.rehearsal()?.findings).toMatchObject([
      { kind: "notIdempotent", subscription: "ledger.insert" },
    ]);
    await expect(bus[Symbol.asyncDispose]()).rejects.toThrow("Rehearsal: 1 found.");
    expect(bus.health().live).toBe(false);
  });

  it("is content with a rehearsal in which everything held", async () => {
    await using bus = await createTestBus({ rehearsal: true });
    const rows = new Set<string>();
    bus.on(Paid, { name: "ledger.put" }, ({ id }) => void rows.add(id));
    await bus.publish(new Paid({ id: "a" }));
    await bus.idle();
    expect([bus.rehearsal()?.redelivered, bus.handled(Paid).length]).toEqual([["ledger.put"], 2]);
  });

  it("tells a rehearsal what does not survive JSON, while the publish rejects", async () => {
    const bus = await createTestBus({ rehearsal: true, onUnhandled: "ignore" });
    await expect(bus.publish(new Paid({ id: "a", at: new Map() }))).rejects.toThrow("Event shop.paid");
    expect(bus.rehearsal()?.findings).toMatchObject([{ kind: "doesNotSurvive", event: "shop.paid" }]);
    await bus.close();
  });

  it("puts a fake in the place of a transport that keeps anything, on its own clock", async () => {
    const real: Transport = {
      features: fakeTransport({ features: { holds: "store", survives: "power" } }).features,
      open: () => Promise.reject(new Error("a test must not open the store")),
      declare: () => undefined,
      send: () => [],
      credit: () => undefined,
      settle: () => "settled",
      stop: () => undefined,
      close: () => Promise.resolve(),
    };
    await using bus = await createTestBus({ transport: real });
    const attempts: string[] = [];
    const retry = { attempts: 2, delay: "1h", delayMax: "1h", jitter: false } as const;
    bus.on(Paid, { name: "ledger.put", retry }, (event, { attempt }) => {
      attempts.push(`${event.id} ${attempt} at ${bus.clock.now().getUTCHours()}`);
      if (attempt === 1) throw new Error("again");
    });
    await bus.publish(new Paid({ id: "a" }));
    await bus.clock.advance("2h");
    expect(attempts).toEqual(["a 1 at 0", "a 2 at 1"]);
  });

  it("takes a fake transport with its faults", async () => {
    const faults = [{ on: "send", does: "reject", times: 1 }] as const;
    await using bus = await createTestBus({ transport: fakeTransport({ faults }), onUnhandled: "ignore" });
    bus.on(Paid, () => {});
    await expect(bus.publish(new Paid({ id: "a" }))).rejects.toThrow(InjectedFaultError);
    await bus.publish(new Paid({ id: "b" }));
    await bus.idle();
    expect(bus.published(Paid)).toMatchObject([{ id: "b" }]);
  });
});

describe("a handler called by hand", () => {
  it("gets a delivery that keeps what it publishes and sleeps without waiting", async () => {
    const mailer = new Mailer();
    const delivery = deliveryOf(new Placed({ id: "a" }), { attempt: 2, key: "k" });
    await new Mails(mailer).send(delivery.event, delivery);
    await delivery.sleep();
    expect([mailer.sent, delivery.published]).toEqual([["a"], [new Paid({ id: "a" })]]);
    expect([delivery.attempt, delivery.deliveries, delivery.key, delivery.signal.aborted]).toEqual([
      2,
      2,
      "k",
      false,
    ]);
    const receipts = await delivery.publish([new Paid({ id: "b" }), new Paid({ id: "c" })]);
    expect(receipts.map(({ accepted }) => accepted)).toEqual([[], []]);
  });

  it("does not sleep past its signal", async () => {
    const { event, sleep, signal } = {
      event: new Placed({ id: "a" }),
      sleep: "1s",
      signal: AbortSignal.abort(new Error("over")),
    };
    const delivery: Delivery = deliveryOf(event, { signal });
    await expect(delivery.sleep(sleep as "1s")).rejects.toThrow("over");
  });
});

describe("survivesJson", () => {
  it("is content with what comes back, and names the path of what does not", () => {
    survivesJson(Placed, new Placed({ id: "a", at: "2026-01-01" }));
    survivesJson(Paid as never, new Paid({ id: "a", at: 1 }) as never);
    expect(() =>
      survivesJson(Paid as never, new Paid({ id: "a", at: { when: new Date() } }) as never),
    ).toThrow("`data.at.when`");
  });
});
