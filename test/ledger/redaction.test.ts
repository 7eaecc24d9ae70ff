import { describe, expect, it } from "vitest";
import { Event } from "../../src/index.js";
import { Redaction } from "../../src/ledger/redaction.js";

const shown = (value: object, ...paths: string[]) => new Redaction(paths).shown(value);

describe("redaction", () => {
  it("hides what a path names, with or without `data.`", () => {
    expect(shown({ card: 1, name: "a" }, "data.card")).toEqual({ card: "[redacted]", name: "a" });
    expect(shown({ card: 1 }, "card")).toEqual({ card: "[redacted]" });
    expect(shown({ a: { b: { c: 1, d: 2 } } }, "data.a.b.c")).toEqual({
      a: { b: { c: "[redacted]", d: 2 } },
    });
    expect(shown({ a: { secret: 1 } }, "data.a")).toEqual({ a: "[redacted]" });
  });

  it("takes `data.` for the root at the beginning of a path only", () => {
    expect(shown({ meta: { data: { card: 1 } } }, "meta.data.card")).toEqual({
      meta: { data: { card: "[redacted]" } },
    });
    expect(shown({ meta: { card: 1 } }, "meta.data.card")).toEqual({ meta: { card: 1 } });
  });

  it("goes through arrays", () => {
    const items = [{ price: 1 }, { price: 2, name: "b" }, 7, null];
    expect(shown({ items }, "data.items.price")).toEqual({
      items: [{ price: "[redacted]" }, { price: "[redacted]", name: "b" }, 7, null],
    });
  });

  it("goes through two hundred arrays in each other, and hides the next as a whole", () => {
    const nested = (depth: number): unknown =>
      Array.from({ length: depth }).reduce((inner: unknown) => [inner], { price: 1 });
    const innermost = (value: unknown): unknown => (Array.isArray(value) ? innermost(value[0]) : value);
    const shownAt = (depth: number): unknown =>
      innermost(Object.values(shown({ items: nested(depth) }, "items.price"))[0]);
    expect(shownAt(200)).toEqual({ price: "[redacted]" });
    expect(shownAt(201)).toBe("[redacted]");
  });

  it("hides as a whole what throws when it is looked at", () => {
    const untouchable = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw new Error("untouchable");
        },
      },
    );
    expect(shown({ a: untouchable, b: 1 }, "data.a.card")).toEqual({ a: "[redacted]", b: 1 });
  });

  it("leaves the original alone, and shares nothing that it hides", () => {
    const original = Object.freeze({ a: { b: 1 }, list: [{ c: 1 }] });
    const copy = shown(original, "data.a.b", "data.list.c");
    expect(original).toEqual({ a: { b: 1 }, list: [{ c: 1 }] });
    expect(copy).not.toBe(original);
  });

  it("does nothing where the path leads nowhere", () => {
    const value = { a: null, b: "text", c: undefined, d: [1, { e: 2 }] };
    const paths = ["data.a.x", "data.b.length", "data.c.x", "data.d.x", "data.toString", "data.nobody"];
    expect(shown(value, ...paths)).toBe(value);
  });

  it("keeps the class of an event, with its methods over what is shown", () => {
    class Paid extends Event("redaction.paid")<{ card: string }> {
      last(): string {
        return this.card.slice(-4);
      }
    }
    const copy = new Redaction(["data.card"]).shown(new Paid({ card: "4111 1111" }));
    expect(copy).toBeInstanceOf(Paid);
    expect(copy.last()).toBe("ted]");
    expect(JSON.stringify(copy)).toBe('{"card":"[redacted]"}');
    expect(Object.isFrozen(copy)).toBe(true);
  });
});
