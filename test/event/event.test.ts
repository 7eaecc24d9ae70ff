/** Event() in all its forms, with the schemas that people use. */
import { runInNewContext } from "node:vm";

import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { InvalidEventError } from "../../src/errors.js";
import { Event, type EventOf } from "../../src/event/event.js";

class SignedUp extends Event("user.signed-up")<{ userId: string; tags?: string[] }> {
  get short() {
    return this.userId.slice(0, 2);
  }
  greet() {
    return `hello ${this.userId}`;
  }
  static of(userId: string) {
    return new SignedUp({ userId });
  }
}
class Placed extends Event(
  "shop.order.placed",
  z.object({ orderId: z.string(), at: z.coerce.date().default(new Date(0)) }),
) {}

describe("an event without a schema", () => {
  test("has its data as its only own keys, so JSON and spread give the data", () => {
    const event = new SignedUp({ userId: "u-1" });
    expect(Object.keys(event)).toEqual(["userId"]);
    expect(JSON.stringify(event)).toBe('{"userId":"u-1"}');
    expect({ ...event }).toEqual({ userId: "u-1" });
    expect(Reflect.ownKeys(event)).toEqual(["userId"]);
  });

  test("is frozen, and an instance of its class", () => {
    const event = SignedUp.of("u-1");
    expect(Object.isFrozen(event)).toBe(true);
    expect(event).toBeInstanceOf(SignedUp);
    expect([event.short, event.greet()]).toEqual(["u-", "hello u-1"]);
  });

  test("copies the data, so that a later change of theirs does not reach it", () => {
    const data = { userId: "u-1" };
    const event = new SignedUp(data);
    data.userId = "u-2";
    expect(event.userId).toBe("u-1");
  });

  test("needs no argument where no field is required", () => {
    class Midnight extends Event("clock.midnight") {}
    expect(Object.keys(new Midnight())).toEqual([]);
    expect(Object.keys(new Midnight({}))).toEqual([]);
  });

  test("can be generic", () => {
    class Page<T> extends Event("page")<{ items: unknown[] }> {
      first() {
        return this.items[0] as T;
      }
    }
    expect(new Page<number>({ items: [1] }).first()).toBe(1);
  });

  test("has the event's name as static, and in the const form as the name of the class", () => {
    const Change = Event("shop.change")<{ by: number } | { gone: true }>;
    expect([SignedUp.eventName, SignedUp.name]).toEqual(["user.signed-up", "SignedUp"]);
    expect([Change.eventName, Change.name]).toEqual(["shop.change", "shop.change"]);
    expect({ ...new Change({ by: 1 }) }).toEqual({ by: 1 });
  });

  test.each([["a text"], [3], [null], [[]], [new Map()], [new Date(0)], [SignedUp.of("u")], [() => 1]])(
    "refuses %o, which is no plain object, as data",
    (data) => {
      expect(() => new SignedUp(data as never)).toThrow(TypeError);
      expect(() => new SignedUp(data as never)).toThrow(
        "Expected the data of event user.signed-up to be a plain object, got `",
      );
    },
  );

  test("takes objects without a prototype and objects of another realm", () => {
    expect(new SignedUp(Object.assign(Object.create(null), { userId: "u" })).userId).toBe("u");
    expect(new SignedUp(runInNewContext("({ userId: 'u' })") as never).userId).toBe("u");
    expect(() => new SignedUp(runInNewContext("new (class A {})()") as never)).toThrow(TypeError);
  });

  test.each(["__proto__", "constructor", "toJSON"])("refuses data with the own key %s", (key) => {
    const data = JSON.parse(`{"userId":"u","${key}":{"admin":true}}`) as never;
    expect(() => new SignedUp(data)).toThrow(TypeError);
    expect(() => new SignedUp(data)).toThrow(`without the key \`${key}\``);
  });

  test("never takes a prototype from its data", () => {
    const poisoned = JSON.parse('{"__proto__":{"admin":true}}') as never;
    expect(() => new SignedUp(poisoned)).toThrow(TypeError);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe("an event with a schema", () => {
  test.each([
    ["zod", z.object({ n: z.coerce.number(), s: z.string().default("d") })],
    [
      "valibot",
      v.object({ n: v.pipe(v.unknown(), v.transform(Number), v.number()), s: v.optional(v.string(), "d") }),
    ],
    ["arktype", type({ n: "string.numeric.parse | number", s: "string = 'd'" })],
  ])("has what %s gives for its input", (_, schema) => {
    class Parsed extends Event(
      "parsed",
      schema as z.ZodType<{ n: number; s: string }, { n: unknown; s?: string }>,
    ) {}
    const event = new Parsed({ n: "3" });
    expect({ ...event }).toEqual({ n: 3, s: "d" });
    expect(Object.isFrozen(event)).toBe(true);
    expect(Parsed.schema).toBe(schema);
  });

  test.each([
    ["zod", z.object({ items: z.array(z.object({ sku: z.string() })) })],
    ["valibot", v.object({ items: v.array(v.object({ sku: v.string() })) })],
    ["arktype", type({ items: type({ sku: "string" }).array() })],
  ])("says which event, which path and what is wrong with data that %s refuses", (_, schema) => {
    class Bad extends Event("bad.data", schema as z.ZodType<object>) {}
    const error = thrownBy(() => new Bad({ items: [{ sku: "a" }, { sku: 3 }] }));
    expect(error).toBeInstanceOf(InvalidEventError);
    expect(error).toMatchObject({ code: "SIGNALBOX_INVALID_EVENT", event: "bad.data" });
    expect((error as InvalidEventError).issues).toHaveLength(1);
    expect((error as Error).message).toMatch(
      /^Event bad\.data is not valid: items\.1\.sku: .*string.*\. Give the data/s,
    );
  });

  test("is a TypeError when the schema is asynchronous, and nobody hears the rejection", async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => unheard.push(reason);
    process.on("unhandledRejection", hear);
    const slow = z.object({ a: z.string().refine(async () => true) });
    const rejecting = v.objectAsync({
      a: v.pipeAsync(
        v.string(),
        v.checkAsync(() => Promise.reject(new Error("db"))),
      ),
    });
    class Slow extends Event("slow", slow) {}
    class Rejecting extends Event("rejecting", rejecting) {}
    expect(() => new Slow({ a: "x" })).toThrow("The schema of event slow is asynchronous");
    expect(() => new Rejecting({ a: "x" })).toThrow(TypeError);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", hear);
    expect(unheard).toEqual([]);
  });

  test("is a TypeError when the schema gives no plain object", () => {
    class Odd extends Event(
      "odd",
      z.object({ a: z.string() }).transform((x) => new Map(Object.entries(x))),
    ) {}
    expect(() => new Odd({ a: "x" })).toThrow(
      "Expected what the schema of event odd gives to be a plain object",
    );
  });

  test.each(["__proto__", "constructor", "toJSON"])(
    "refuses %s in its input and in the schema's output",
    (key) => {
      class Loose extends Event("loose", z.looseObject({})) {}
      class Adds extends Event(
        "adds",
        z.object({}).transform(() => JSON.parse(`{"${key}":1}`) as object),
      ) {}
      expect(() => new Loose(JSON.parse(`{"${key}":1}`))).toThrow(TypeError);
      expect(() => new Adds({})).toThrow(TypeError);
    },
  );

  test("may be of a union in the const form", () => {
    const Change = Event(
      "shop.change",
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("up"), by: z.number() }),
        z.object({ kind: z.literal("gone"), why: z.string() }),
      ]),
    );
    type Change = EventOf<typeof Change>;
    const said = (change: Change) => (change.kind === "gone" ? change.why : `${change.by}`);
    expect(said(new Change({ kind: "up", by: 2 }))).toBe("2");
  });

  test("keeps defaults that the schema makes", () => {
    expect(new Placed({ orderId: "o" }).at).toEqual(new Date(0));
  });
});

describe("a class of an event", () => {
  test("cannot have a field, and the error says why and which", () => {
    class Counted extends Event("counted")<{ n: number }> {
      extra = this.n + 1;
    }
    expect(() => new Counted({ n: 1 })).toThrow(TypeError);
    expect(() => new Counted({ n: 1 })).toThrow(
      "Event counted has the field `extra`, but events have no state",
    );
  });

  test("cannot declare a field of its data again", () => {
    class Again extends Event("again")<{ n: number }> {
      override readonly n!: number;
    }
    expect(() => new Again({ n: 1 })).toThrow("Event again has the field `n`");
  });

  test("cannot inherit a field either", () => {
    class Middle extends Event("middle")<{ n: number }> {
      extra = 1;
    }
    class Last extends Middle {}
    expect(() => new Last({ n: 1 })).toThrow("Event middle has the field `extra`");
  });

  test("may make other events in what it computes, even while it is looked at", () => {
    const made: SignedUp[] = [];
    class Nested extends Event("nested")<{ n: number }> {
      extra = made.push(new SignedUp({ userId: "inner" }));
    }
    expect(() => new Nested({ n: 1 })).toThrow("Event nested has the field `extra`");
    expect(made[0]).toBeInstanceOf(SignedUp);
    expect(made[0]?.userId).toBe("inner");
    expect(Object.isFrozen(made[0])).toBe(true);
  });

  test("runs a constructor of its own once per event", () => {
    let runs = 0;
    class Own extends Event("own")<{ n: number }> {
      constructor(a: number, b: number) {
        super({ n: a + b });
        runs++;
      }
    }
    expect(new Own(1, 2).n).toBe(3);
    expect(runs).toBe(1);
  });

  test("may use #private methods, and several classes may extend one base", () => {
    const Base = Event("base")<{ n: number }>;
    class A extends Base {
      #twice() {
        return this.n * 2;
      }
      twice() {
        return this.#twice();
      }
    }
    class B extends Base {}
    for (const round of [1, 2])
      expect([new A({ n: round }).twice(), new B({ n: round }).n]).toEqual([round * 2, round]);
  });
});

describe("Event() checks its arguments", () => {
  test("and names all faults at once, with what was meant", () => {
    const error = thrownBy(() =>
      Event("Shop Order" as never, { verzion: 2, key: "id", aliases: ["ok", "Not ok"] } as never),
    );
    expect(error).toBeInstanceOf(TypeError);
    const lines = (error as Error).message.split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain("Expected `name` to be 1 to 16 tokens of a-z, 0-9, _ and - joined by dots");
    expect(lines[1]).toContain("Unknown option `verzion` in `options`. Did you mean `version`?");
    expect(lines.slice(2).join()).toContain("options.aliases[1]");
    expect(lines.slice(2).join()).toContain("options.key");
  });

  test("and refuses a third argument where the second is no schema", () => {
    expect(() => Event("a", { version: 1 }, { version: 2 } as never)).toThrow("to be a Standard Schema");
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
