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

  it("goes through arrays", () => {
    const items = [{ price: 1 }, { price: 2, name: "b" }, 7, null];
    expect(shown({ items }, "data.items.price")).toEqual({
      items: [{ price: "[redacted]" }, { price: "[redacted]", name: "b" }, 7, null],
    });
  });

  it("leaves the original alone, and shares nothing that it hides", () => {
    const original = Object.freeze({ a: { b: 1 }, list: [{ c: 1 }] });
    const copy = shown(original, "data.a.b", "data.list.c");
    expect(original).toEqual({ a: { b: 1 }, list: [{ c: 1 }] });
    expect(copy).not.toBe(original);
  });

  it("does nothing where the path leads nowhere", () => {
    const value = { a: null, b: "text", c: undefined };
    expect(shown(value, "data.a.x", "data.b.length", "data.c.x", "data.toString", "data.nobody")).toBe(value);
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
