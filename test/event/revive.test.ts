/** From JSON to the event again, across versions. */
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { InvalidEventError, NewerVersionError } from "../../src/errors.js";
import { Event } from "../../src/event/event.js";
import { revive } from "../../src/event/revive.js";

class Typed extends Event("typed")<{ id: string }> {
  get loud() {
    return this.id.toUpperCase();
  }
}
class Parsed extends Event("parsed", z.object({ id: z.string(), at: z.coerce.date() })) {}
class Priced extends Event("priced", z.object({ cents: z.number() }), {
  version: 3,
  upcast: (old: { euros?: number; price?: number }, version) => ({
    cents: version < 2 ? old.euros! * 100 : old.price!,
  }),
}) {}

describe("a revived event", () => {
  test("is an instance of its class, parsed and frozen", () => {
    const typed = revive(Typed, JSON.parse('{"id":"a"}'), 1);
    const parsed = revive(Parsed, JSON.parse(JSON.stringify(new Parsed({ id: "a", at: 5 }))), 1);
    expect([typed instanceof Typed, typed.loud, Object.isFrozen(typed)]).toEqual([true, "A", true]);
    expect([parsed instanceof Parsed, parsed.at, Object.isFrozen(parsed)]).toEqual([true, new Date(5), true]);
  });

  test("is brought up to today from each older version, with that version's number", () => {
    expect({ ...revive(Priced, { euros: 2 }, 1) }).toEqual({ cents: 200 });
    expect({ ...revive(Priced, { price: 7 }, 2) }).toEqual({ cents: 7 });
    expect({ ...revive(Priced, { cents: 9 }, 3) }).toEqual({ cents: 9 });
  });

  test("takes older data as they are where the class says nothing about them", () => {
    class Grown extends Event("grown", { version: 2 })<{ id: string; more?: string }> {}
    expect({ ...revive(Grown, { id: "a" }, 1) }).toEqual({ id: "a" });
  });

  test("refuses a version that it does not know yet", () => {
    const act = () => revive(Priced, { cents: 9 }, 4);
    expect(act).toThrow(NewerVersionError);
    expect(act).toThrow("Event priced has version 4, this program knows 3. Deploy");
  });

  test("refuses what the constructor refuses", () => {
    expect(() => revive(Parsed, { id: 3 }, 1)).toThrow(InvalidEventError);
    expect(() => revive(Typed, null, 1)).toThrow(TypeError);
    expect(() => revive(Typed, JSON.parse('{"__proto__":{}}'), 1)).toThrow(TypeError);
  });

  test("goes past a constructor that the class has, whose arguments are not in the data", () => {
    class Own extends Event("own")<{ sum: number }> {
      constructor(a: number, b: number) {
        super({ sum: a + b });
      }
      twice() {
        return this.sum * 2;
      }
    }
    const event = revive(Own, JSON.parse(JSON.stringify(new Own(1, 2))), 1);
    expect([event instanceof Own, event.sum, event.twice()]).toEqual([true, 3, 6]);
  });
});
