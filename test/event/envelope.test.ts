/** The sealed event, its key and its headers. */
import { describe, expect, test } from "vitest";

import { keyOf, seal } from "../../src/event/envelope.js";
import { Event } from "../../src/event/event.js";
import { headersOf } from "../../src/event/headers.js";
import { envelope } from "./envelopes.js";

class Placed extends Event("shop.order.placed", { version: 4, key: (order: { id: string }) => order.id })<{
  id: string;
}> {}
const facts = () => {
  const { name: _, version: __, data: ___, ...rest } = envelope({ id: "e-9", key: "k" });
  return rest;
};

describe("a sealed event", () => {
  test("has the event's name, version and data, and the facts of the publish", () => {
    const event = new Placed({ id: "o-1" });
    const sealed = seal(event, facts());
    expect(sealed).toEqual({ ...facts(), name: "shop.order.placed", version: 4, data: event });
    expect(sealed.data).toBe(event);
  });

  test("is frozen", () => {
    expect(Object.isFrozen(seal(new Placed({ id: "o-1" }), facts()))).toBe(true);
  });

  test("takes nothing from the facts but what an envelope has", () => {
    expect(seal(new Placed({ id: "o" }), { ...facts(), extra: 1 } as never)).not.toHaveProperty("extra");
  });
});

describe("the key of an event", () => {
  test("is the one given, else what its class computes, else none", () => {
    class Keyless extends Event("keyless") {}
    expect(keyOf(new Placed({ id: "o-1" }), undefined)).toBe("o-1");
    expect(keyOf(new Placed({ id: "o-1" }), "given")).toBe("given");
    expect(keyOf(new Placed({ id: "o-1" }), "")).toBe("");
    expect(keyOf(new Keyless(), undefined)).toBeUndefined();
  });

  test("is a TypeError where it is no text, and throws what the class throws", () => {
    const boom = new Error("boom");
    class Number extends Event("number", { key: () => 3 as never }) {}
    class Throws extends Event("throws", {
      key: () => {
        throw boom;
      },
    }) {}
    expect(() => keyOf(new Number(), undefined)).toThrow(
      "Expected the key of event number to be a text or undefined",
    );
    expect(() => keyOf(new Number(), undefined)).toThrow(TypeError);
    expect(() => keyOf(new Throws(), undefined)).toThrow(boom);
  });
});

describe("headers", () => {
  test("are merged, later ones winning, frozen and without a prototype", () => {
    const headers = headersOf({ a: "1", b: "1" }, undefined, { b: "2" });
    expect({ ...headers }).toEqual({ a: "1", b: "2" });
    expect([Object.getPrototypeOf(headers), Object.isFrozen(headers)]).toEqual([null, true]);
    expect(headersOf(undefined, {})).toBe(headersOf());
    expect([Object.getPrototypeOf(headersOf()), Object.isFrozen(headersOf())]).toEqual([null, true]);
  });

  test.each(["", "a b", "a\r\nb", "a\0", "a:b", "é", "__proto__", "constructor", "prototype"])(
    "are never named %j",
    (name) => {
      expect(() => headersOf(JSON.parse(`{${JSON.stringify(name)}:"x"}`))).toThrow(TypeError);
    },
  );

  test.each<[unknown]>([["x\ry"], ["x\ny"], ["x\0y"], [3], [null], [undefined], [["x"]]])(
    "never have the value %j",
    (value) => {
      expect(() => headersOf({ a: value as string })).toThrow(TypeError);
      expect(() => headersOf({ a: value as string })).toThrow("Expected the header `a` to be a text");
    },
  );
});
