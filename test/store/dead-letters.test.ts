/** The dead letters of buses on one store: one list, whoever left them there, and whatever is still running. */
import { expect, onTestFinished, test } from "vitest";
import { type Bus, createBus, Event, memory, type SubscriptionOptions } from "signalbox";
import { Noted, until } from "../support/kept-items.js";
import { describeStores, type Place } from "./places.js";

class Placed extends Event("letters.placed", { aliases: ["letters.ordered"] })<{
  id: string;
  card?: string;
}> {}
class Booked extends Event("letters.booked", { key: (booked: { account: string }) => booked.account })<{
  account: string;
  line: number;
}> {}

function on(place: Place) {
  const logged: string[] = [];
  const started = async (
    prepare: (bus: Bus) => void,
    options: Parameters<typeof createBus>[0] = {},
  ): Promise<Bus> => {
    const silent = () => undefined;
    const error = (_: object, message: string) => void logged.push(message);
    const logger = { debug: silent, info: silent, warn: silent, error };
    const bus = createBus({ transport: place.transport(), logger, ...options });
    onTestFinished(async () => void (await bus.close()));
    prepare(bus);
    await bus.start();
    return bus;
  };
  return { place, logged, started };
}

async function listed(bus: Bus, count: number, filter: { subscription?: string } = {}) {
  for (;;) {
    const letters = await bus.deadLetters.list(filter);
    if (letters.length >= count) return letters;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describeStores("dead letters of a store", (setup) => {
  test("are one list for every bus on it, whole, and survive them all", async () => {
    const { started } = on(setup());
    const fails = (bus: Bus) =>
      bus.on(Placed, { name: "mails", retry: { attempts: 2, delay: 1, jitter: false } }, (_, { attempt }) => {
        throw new Error(`down ${attempt}`);
      });
    const first = await started(fails);
    const { id } = await first.publish(new Placed({ id: "o-1" }), { headers: { tenant: "t" } });
    await listed(first, 1);
    expect(first.deadLetters.size).toBe(0); // its store keeps it
    await first.close();
    const next = await started(() => undefined, { events: Placed });
    const [letter, ...more] = await next.deadLetters.list({ events: Placed });
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      event: { id: "o-1" },
      envelope: { id, name: "letters.placed", headers: { tenant: "t" } },
      subscription: "mails",
      reason: "failed",
      raw: undefined,
    });
    expect(letter!.event).toBeInstanceOf(Placed);
    expect(letter!.attempts.map(({ attempt, error }) => [attempt, String(error).split("\n")[0]])).toEqual([
      [1, "Error: down 1"],
      [2, "Error: down 2"],
    ]);
    expect(await next.deadLetters.count()).toBe(1);
  });
});

describeStores("the list", (setup) => {
  test("is by event with its aliases, subscription, reason and limit, over memory and store, oldest first", async () => {
    const { place, started } = on(setup());
    class Said extends Event("letters.said", { transport: "here" })<{ id: string }> {}
    const bus = await started(
      (on) => {
        on.on(Placed, { name: "mails" }, () => Promise.reject(new Error("down")));
        on.on(Placed, { name: "books" }, () => Promise.reject(new RangeError("closed")));
        on.on(Said, { name: "ears" }, () => Promise.reject(new Error("deaf")));
      },
      { transport: undefined, transports: { default: place.transport(), here: memory() } },
    );
    await bus.publish(new Said({ id: "s-1" }));
    await until(() => bus.deadLetters.size === 1);
    await bus.publish(new Placed({ id: "o-1" }));
    const all = await listed(bus, 3);
    expect(all.map(({ subscription }) => subscription)[0]).toBe("ears");
    const names = async (filter: Parameters<typeof bus.deadLetters.list>[0]) =>
      (await bus.deadLetters.list(filter)).map(({ subscription }) => subscription).toSorted();
    expect(await names({ events: Placed })).toEqual(["books", "mails"]);
    expect(await names({ events: [Said] })).toEqual(["ears"]);
    expect(await names({ subscription: "books", reason: "failed" })).toEqual(["books"]);
    expect(await names({ reason: "timeout" })).toEqual([]);
    expect(await names({ limit: 1 })).toEqual(["ears"]);
    expect([await bus.deadLetters.count(), await bus.deadLetters.count({ events: Placed })]).toEqual([3, 2]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
  });

  test("has what came under an alias as its event, and what nobody here can read with its bytes", async () => {
    const { started } = on(setup());
    class Ordered extends Event("letters.ordered")<{ id: string }> {}
    class Gone extends Event("letters.gone")<{ id: string }> {}
    const old = await started((bus) =>
      bus.on([Ordered, Gone], { name: "mails" }, () => Promise.reject(new Error("down"))),
    );
    await old.publish([new Ordered({ id: "o-1" }), new Gone({ id: "g-1" })]);
    await listed(old, 2);
    await old.close();
    const bus = await started(() => undefined, { events: Placed });
    const [letter] = await bus.deadLetters.list({ events: Placed });
    expect([letter!.event, letter!.event instanceof Placed]).toEqual([new Placed({ id: "o-1" }), true]);
    const unread = (await bus.deadLetters.list()).find(({ envelope }) => envelope.name === "letters.gone")!;
    expect([unread.reason, new TextDecoder().decode(unread.raw)]).toEqual(["failed", '{"id":"g-1"}']);
  });

  test("hides what is redacted, while a replay and its edit have the original", async () => {
    const { started } = on(setup());
    const got: (string | undefined)[] = [];
    let isBroken = true;
    const bus = await started(
      (on) =>
        on.on(Placed, { name: "mails" }, ({ card }) => {
          if (isBroken) throw new Error("down");
          got.push(card);
        }),
      { redact: ["data.card"] },
    );
    await bus.publish(new Placed({ id: "o-1", card: "4111" }));
    const [letter] = await listed(bus, 1);
    expect(letter!.event).toEqual({ id: "o-1", card: "[redacted]" });
    isBroken = false;
    await bus.deadLetters.replay(letter!, { edit: (event) => event });
    await until(() => got.length === 1);
    expect(got).toEqual(["4111"]);
  });

  test("is asked for while its store is open: before start() and after close() it rejects", async () => {
    const { bus: made } = setup();
    const bus = made();
    await expect(bus.deadLetters.list()).rejects.toMatchObject({ code: "SIGNALBOX_NOT_STARTED" });
    await bus.start();
    expect(await bus.deadLetters.list()).toEqual([]);
    await bus.close();
    await expect(bus.deadLetters.count()).rejects.toMatchObject({ code: "SIGNALBOX_BUS_CLOSED" });
  });

  test("goes beyond a page, none twice and none passed over", async () => {
    const { started } = on(setup());
    const bus = await started((on) => on.on(Placed, { name: "mails" }, () => Promise.reject(new Error("x"))));
    await bus.publish(Array.from({ length: 250 }, (_, at) => new Placed({ id: `o-${at}` })));
    const letters = await listed(bus, 250);
    expect(new Set(letters.map(({ event }) => (event as Placed).id)).size).toBe(250);
    expect(await bus.deadLetters.list({ limit: 120 })).toHaveLength(120);
  });

  test("makes a bus unready when letters come in numbers, though the store keeps them", async () => {
    const { started, logged } = on(setup());
    const notices: string[] = [];
    const bus = await started((on) => on.on(Placed, { name: "mails" }, () => Promise.reject(new Error("x"))));
    bus.notices.on("delivery.deadLettered", ({ reason }) => void notices.push(reason!));
    await bus.publish(Array.from({ length: 11 }, (_, at) => new Placed({ id: `o-${at}` })));
    await listed(bus, 11);
    expect(bus.health().reasons).toEqual(["11 dead letters within a minute"]);
    expect([notices.length, logged.length]).toEqual([11, 11]);
  });
});

describeStores("a replay from a store", (setup) => {
  test("goes to the one subscription, in new attempts, under the same id, and says who settles it", async () => {
    const { started } = on(setup());
    const got: string[] = [];
    let isBroken = true;
    const options: SubscriptionOptions<Placed> = { name: "mails", dedupe: { by: "id", window: "1h" } };
    const bus = await started(
      (on) => {
        on.on(Placed, options, ({ id }, delivery) => {
          if (isBroken) throw new Error("down");
          got.push(`${id} ${delivery.eventId} ${delivery.attempt}`);
        });
        on.on(Placed, { name: "books" }, ({ id }) => void got.push(`books ${id}`));
      },
      { journal: true },
    );
    const { id } = await bus.publish(new Placed({ id: "o-1" }));
    const [letter] = await listed(bus, 1);
    isBroken = false;
    const receipt = await bus.deadLetters.replay(letter!, { edit: () => new Placed({ id: "o-2" }) });
    expect(receipt).toMatchObject({ id, accepted: ["mails"], unhandled: false, held: false });
    await expect(receipt.settled()).rejects.toMatchObject({ code: "SIGNALBOX_SETTLED_ELSEWHERE" });
    await until(() => got.length === 2);
    expect(got).toEqual(["books o-1", `o-2 ${id} 1`]);
    expect(await bus.deadLetters.list()).toEqual([]);
    await expect(bus.deadLetters.replay(letter!)).rejects.toThrow("is not kept any more");
    expect(bus.explain(id).map(({ decision }) => decision)).toContain("redriven");
  });

  test("takes a letter that has become JSON, and one that another bus listed", async () => {
    const { started } = on(setup());
    const got: string[] = [];
    let isBroken = true;
    const handler = ({ id }: Placed): void => {
      if (isBroken) throw new Error("down");
      got.push(id);
    };
    const bus = await started((on) => on.on(Placed, { name: "mails" }, handler));
    await bus.publish([new Placed({ id: "o-1" }), new Placed({ id: "o-2" })]);
    const [first, second] = await listed(bus, 2);
    isBroken = false;
    await bus.deadLetters.replay(
      JSON.parse(JSON.stringify(first)) as never,
      {
        edit: (event: Placed) => new Placed({ id: `${event.id}-edited` }),
      } as never,
    );
    const other = await started(() => undefined);
    const receipt = await other.deadLetters.replay(second!);
    expect(receipt.unhandled).toBe("unknown"); // it has no such subscription
    await until(() => got.length === 2);
    expect(got.toSorted()).toEqual(["o-1-edited", "o-2"]);
  });

  test("is handled although its event had expired", async () => {
    const { started } = on(setup());
    let isBroken = true;
    let got = 0;
    const bus = await started((on) =>
      on.on(Placed, { name: "mails" }, () => {
        if (isBroken) throw new Error("down");
        got++;
      }),
    );
    await bus.publish(new Placed({ id: "o-1" }), { expiresIn: "30ms" });
    const [letter] = await listed(bus, 1);
    const until30 = letter!.envelope.expiresAt!;
    await until(() => Date.now() > until30);
    isBroken = false;
    await bus.deadLetters.replay(letter!);
    await until(() => got === 1);
    expect(await bus.deadLetters.count()).toBe(0);
  });

  test("whose edit throws or gives another event leaves the letter where it is", async () => {
    const { started } = on(setup());
    const bus = await started((on) => on.on(Placed, { name: "mails" }, () => Promise.reject(new Error("x"))));
    await bus.publish(new Placed({ id: "o-1" }));
    const [letter] = await listed(bus, 1);
    const edit = (made: unknown) => ({ edit: () => made as never });
    await expect(bus.deadLetters.replay(letter!, edit(new Noted({ id: "x" })))).rejects.toThrow(
      "Expected `edit` to give a letters.placed",
    );
    expect(await bus.deadLetters.count()).toBe(1);
  });

  test("of bytes that no transport could read is refused, and they can be discarded", async () => {
    const { place, started } = on(setup());
    const first = await started((on) => on.on(Placed, { name: "mails" }, () => undefined));
    first.lanes.get("mails")!.pause();
    await first.publish(new Placed({ id: "o-1" }));
    await first.close();
    await place.query((table) => `UPDATE ${table("envelopes")} SET headers = '{'`);
    const bus = await started((on) => on.on(Placed, { name: "mails" }, () => undefined), { journal: true });
    const [letter] = await listed(bus, 1);
    expect([letter!.reason, new TextDecoder().decode(letter!.raw)]).toEqual(["undecodable", '{"id":"o-1"}']);
    await expect(bus.deadLetters.replay(letter!)).rejects.toThrow("never became an event");
    await bus.deadLetters.discard(letter!, "broken");
    await expect(bus.deadLetters.discard(letter!, "again")).rejects.toThrow("is not kept any more");
    expect(await bus.deadLetters.count()).toBe(0);
  });
});

describeStores("a parked key on a store", (setup) => {
  const park = { name: "books", keyFailure: "park" } as const;

  test("stays parked across processes and restarts, and is resumed in order", async () => {
    const { started } = on(setup());
    const got: string[] = [];
    let isBroken = true;
    const handler = ({ account, line }: Booked): void => {
      if (account === "ada" && line === 1 && isBroken) throw new Error("locked");
      got.push(`${account}${line}`);
    };
    const prepare = (bus: Bus) => void bus.on(Booked, park, handler);
    const [first, other] = [await started(prepare), await started(prepare)];
    const book = (bus: Bus, ...lines: number[]) =>
      bus.publish(lines.map((line) => new Booked({ account: "ada", line })));
    await book(first, 1);
    await listed(first, 1);
    await book(other, 2, 3);
    await other.publish(new Booked({ account: "bob", line: 1 }));
    await listed(other, 3);
    await until(() => got.length === 1);
    await Promise.all([first.close(), other.close()]);
    const next = await started(prepare);
    await book(next, 4);
    const letters = await listed(next, 4);
    expect(letters.map(({ reason }) => reason)).toEqual(["failed", "parked", "parked", "parked"]);
    isBroken = false;
    await next.deadLetters.replay(letters[0]!); // its head passes
    await until(() => got.length === 2);
    expect(await next.deadLetters.resume("books", "ada")).toBe(3);
    await book(next, 5);
    await until(() => got.length === 6);
    expect(got).toEqual(["bob1", "ada1", "ada2", "ada3", "ada4", "ada5"]);
    await book(next, 6);
    await until(() => got.length === 7);
    expect(await next.deadLetters.count()).toBe(0);
  });

  test("is parked again where one of the resumed fails, and the rest keeps its order", async () => {
    const { started } = on(setup());
    const got: number[] = [];
    const broken = new Set([1, 3]);
    const bus = await started((on) =>
      on.on(Booked, park, ({ line }) => {
        if (broken.has(line)) throw new Error("locked");
        got.push(line);
      }),
    );
    await bus.publish([1, 2, 3, 4, 5].map((line) => new Booked({ account: "ada", line })));
    await listed(bus, 5);
    expect(await bus.deadLetters.resume("books", "ada")).toBe(4);
    await until(() => got.length === 1);
    const stand = async () =>
      (await bus.deadLetters.list())
        .map(({ event, reason }) => `${(event as Booked).line} ${reason}`)
        .toSorted();
    await listed(bus, 4);
    await until(() => bus.lanes.get("books")!.running === 0);
    expect(await stand()).toEqual(["1 failed", "3 failed", "4 parked", "5 parked"]);
    broken.clear();
    expect(await bus.deadLetters.resume("books", "ada")).toBe(2);
    await until(() => got.length === 3);
    expect(got).toEqual([2, 4, 5]);
  });

  test("of a subscription that nobody has is refused by name", async () => {
    const { started } = on(setup());
    const bus = await started(() => undefined);
    await expect(bus.deadLetters.resume("nobody", "k")).rejects.toThrow("No subscription is named");
  });
});
