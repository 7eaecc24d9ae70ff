/** The types of events: this file is compiled by tsc, so a line that should be refused and is not fails the build. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";

import type { Envelope } from "../../src/event/envelope.js";
import {
  type DataOf,
  Event,
  type EventClass,
  type EventOf,
  type NameOf,
  type ParsedEvent,
  type TypedEvent,
} from "../../src/event/event.js";

class Placed extends Event(
  "shop.order.placed",
  z.object({ orderId: z.string(), total: z.number(), at: z.coerce.date().default(new Date(0)) }),
) {
  get large() {
    return this.total > 1_000;
  }
}
class Cancelled extends Event(
  "shop.order.cancelled",
  v.object({ orderId: v.string(), why: v.optional(v.string(), "unknown") }),
) {}
class Counted extends Event("counted", type({ n: "string.numeric.parse" })) {}
class Shipped extends Event("shop.order.shipped")<{ orderId: string }> {}
class Returned extends Event("shop.order.returned")<{ orderId: string }> {}
class SignedUp extends Event("user.signed-up", {
  version: 2,
  key: (event: { userId: string }) => event.userId,
})<{ userId: string; name?: string }> {}
class Midnight extends Event("clock.midnight") {}
const Change = Event(
  "shop.change",
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("up"), by: z.number() }),
    z.object({ kind: z.literal("gone"), why: z.string() }),
  ]),
);
type Change = EventOf<typeof Change>;

// The way round for isolatedDeclarations.
const SpeltOut: TypedEvent<"spelt.out"> = Event("spelt.out");
class Spelt extends SpeltOut<{ id: string }> {}
const schema = z.object({ id: z.string() });
const ParsedOut: ParsedEvent<"parsed.out", typeof schema> = Event("parsed.out", schema);
class ParsedSpelt extends ParsedOut {}

test("an event has the types of its schema's output, its constructor those of the input", () => {
  expectTypeOf<Placed["at"]>().toEqualTypeOf<Date>();
  expectTypeOf<ConstructorParameters<typeof Placed>[0]>().toEqualTypeOf<{
    orderId: string;
    total: number;
    at?: unknown;
  }>();
  expectTypeOf<Counted["n"]>().toEqualTypeOf<number>();
  expectTypeOf<ConstructorParameters<typeof Counted>[0]>().toEqualTypeOf<{ n: string }>();
  expectTypeOf<Cancelled["why"]>().toEqualTypeOf<string>();
  expectTypeOf<ConstructorParameters<typeof Cancelled>[0]>().toEqualTypeOf<{
    orderId: string;
    why?: string | undefined;
  }>();
  expectTypeOf<DataOf<Placed>>().toEqualTypeOf<Readonly<{ orderId: string; total: number; at: Date }>>();
  expectTypeOf<NameOf<Placed | Shipped>>().toEqualTypeOf<"shop.order.placed" | "shop.order.shipped">();
  expectTypeOf(Placed.eventName).toEqualTypeOf<"shop.order.placed">();
  expectTypeOf<[Spelt["id"], ParsedSpelt["id"]]>().toEqualTypeOf<[string, string]>();
  expect(new Cancelled({ orderId: "o" }).why).toBe("unknown");
});

test("a schema that is typed as plain StandardSchemaV1 counts as a schema", () => {
  const plain: StandardSchemaV1<{ n: string }, { n: number }> = z.object({ n: z.string().transform(Number) });
  class Plain extends Event("plain", plain) {}
  expectTypeOf<Plain["n"]>().toEqualTypeOf<number>();
  expectTypeOf<ConstructorParameters<typeof Plain>[0]>().toEqualTypeOf<{ n: string }>();
  const untyped: StandardSchemaV1<any, { n: number }> = plain;
  class Untyped extends Event("untyped", untyped, { key: (event) => String(event.n) }) {}
  expectTypeOf<Untyped["n"]>().toEqualTypeOf<number>();
  expect(new Plain({ n: "3" }).n).toBe(3);
});

test("two events of one shape are two types, and a wider type takes both", () => {
  const shipped = new Shipped({ orderId: "o" });
  const wider = (event: { orderId: string }) => event.orderId;
  expect(wider(shipped)).toBe("o");
  // @ts-expect-error another event of the same shape
  const returned: Returned = shipped;
  // @ts-expect-error plain data are no event
  const plain: Shipped = { orderId: "o" };
  expect([returned, plain]).toHaveLength(2);
});

test("data that cannot be right are refused by tsc", () => {
  const orderId = "o";
  // @ts-expect-error a field is missing
  expect(() => new Placed({ orderId })).toThrow("total");
  // @ts-expect-error no data
  expect(new Shipped()).toBeDefined();
  // @ts-expect-error output where input is wanted
  expect(() => new Counted({ n: 3 })).toThrow("n");
  // @ts-expect-error frozen
  expect(() => (new Shipped({ orderId }).orderId = "p")).toThrow(TypeError);
});

test("a definition that cannot be right is refused by tsc", () => {
  const numbers = z.object({ a: z.number() });
  const key = (event: { id: string }) => event.id;
  // @ts-expect-error not a name
  expect(() => Event("shop order")).toThrow(TypeError);
  // @ts-expect-error not a name
  expect(() => Event("shop..order")).toThrow(TypeError);
  // @ts-expect-error misspelt option
  expect(() => Event("bad.four", schema, { verzion: 2 })).toThrow("Did you mean `version`?");
  // @ts-expect-error misspelt option
  expect(() => Event("bad.five", { verzion: 2 })).toThrow("Did you mean `version`?");
  // @ts-expect-error not an object
  class Text extends Event("bad.one", z.string()) {}
  // @ts-expect-error not an object
  class List extends Event("bad.two", z.array(z.string())) {}
  // @ts-expect-error not an object
  class Plain extends Event("bad.three", z.string() as StandardSchemaV1<string, string>) {}
  // @ts-expect-error the key is a text
  class Key extends Event("bad.six", numbers, { key: (event) => event.a }) {}
  // @ts-expect-error upcast gives today's input
  class Upcast extends Event("bad.seven", numbers, { upcast: () => ({ a: "1" }) }) {}
  // @ts-expect-error the data lack what the key reads
  class Lacks extends Event("bad.eight", { key })<{ a: number }> {}
  class Method extends Event("bad.nine")<{ a: number }> {
    // @ts-expect-error the data have a field of this name
    a() {}
  }
  expect([Text, List, Plain, Key, Upcast, Lacks, Method]).toHaveLength(7);
});

test("unions, options and the envelope keep their types", () => {
  const why = (change: Change) => (change.kind === "gone" ? change.why : change.by);
  expect(why(new Change({ kind: "up", by: 1 }))).toBe(1);
  expectTypeOf(new SignedUp({ userId: "u" }).name).toEqualTypeOf<string | undefined>();
  expectTypeOf<EventOf<readonly [typeof Placed, typeof Shipped]>>().toEqualTypeOf<Placed | Shipped>();
  const classes: EventClass[] = [Placed, Cancelled, Shipped, SignedUp, Midnight, Change, Spelt];
  expect(classes.map((each) => each.eventName)).toHaveLength(7);
  const read = (sealed: Envelope<Placed | Shipped>) =>
    sealed.name === "shop.order.placed" ? sealed.data.at : sealed.data.orderId;
  expectTypeOf(read).returns.toEqualTypeOf<Date | string>();
});
