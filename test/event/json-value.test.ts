/** What survives JSON, and where the rest is said to be. */
import { describe, expect, test } from "vitest";

import { DEPTH_MAX, jsonValue } from "../../src/event/json-value.js";
import { refused } from "./envelopes.js";

function nested(depth: number): unknown {
  let value: unknown = "end";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { next: value } : [value];
  return value;
}

const refusal = (value: unknown) => refused(() => jsonValue(value, "data"));

const circle: { self?: unknown; deep: unknown[] } = { deep: [] };
circle.deep.push({ back: circle });

describe("a JSON value", () => {
  test.each<[unknown]>([
    [{ a: 1, b: "x", c: null, d: [true, false, []], e: {}, f: -0.5 }],
    [{ at: new Date(0), url: new URL("http://a.example/b"), nested: { toJSON: () => ({ kept: [1] }) } }],
    [Object.assign(Object.create(null), { plain: true })],
    [[{ key: "", " ": 1, "a.b": 2 }]],
    ["text"],
    [null],
    [{ gone: undefined, kept: 1 }],
    [
      new (class Money {
        cents = 3;
      })(),
    ],
  ])("is what JSON.parse gives of JSON.stringify: %o", (value) => {
    expect(jsonValue(value, "data")).toEqual(JSON.parse(JSON.stringify(value)));
    expect(JSON.stringify(jsonValue(value, "data"))).toBe(JSON.stringify(value));
  });

  test("is a copy, so that what is sent cannot change under way", () => {
    const inner = { n: 1 };
    const copy = jsonValue({ inner }, "data") as { inner: { n: number } };
    inner.n = 2;
    expect(copy.inner.n).toBe(1);
  });

  test("may hold one object twice", () => {
    const shared = { n: 1 };
    expect(jsonValue({ a: shared, b: [shared] }, "data")).toEqual({ a: { n: 1 }, b: [{ n: 1 }] });
  });

  test.each<[string, unknown, string]>([
    ["a BigInt", { a: { b: 1n } }, "data.a.b"],
    ["a function", { a: [1, () => 1] }, "data.a[1]"],
    ["a symbol", { a: Symbol("s") }, "data.a"],
    ["a Map", { list: [{ prices: new Map() }] }, "data.list[0].prices"],
    ["a Set", { "odd key": new Set() }, 'data["odd key"]'],
    ["NaN", { a: Number.NaN }, "data.a"],
    ["Infinity", { a: -Infinity }, "data.a"],
    ["an invalid Date", { at: new Date("never") }, "data.at"],
    ["undefined in an array", { a: [undefined] }, "data.a[0]"],
    // oxlint-disable-next-line no-sparse-arrays -- that is the case
    ["a hole in an array", { a: [1, , 3] }, "data.a[1]"],
    ["a typed array", { a: new Uint8Array(1) }, "data.a"],
    ["a Buffer", { a: Buffer.from("x") }, "data.a"],
    ["an ArrayBuffer", { a: new ArrayBuffer(1) }, "data.a"],
    ["a DataView", { a: new DataView(new ArrayBuffer(1)) }, "data.a"],
    ["a regular expression", { a: /x/ }, "data.a"],
    ["an Error", { a: new Error("x") }, "data.a"],
    ["a promise", { a: Promise.resolve() }, "data.a"],
    ["a WeakMap", { a: new WeakMap() }, "data.a"],
    ["a boxed number", { a: Object(1) as unknown }, "data.a"],
    ["a BigInt that toJSON gives", { a: { toJSON: () => 1n } }, "data.a"],
    ["an undefined that toJSON gives in an array", { a: [{ toJSON: () => undefined }] }, "data.a[0]"],
    ["a circle", circle, "data.deep[0].back"],
    [
      "a throwing getter",
      {
        get a() {
          throw new Error("no");
        },
      },
      "data.a",
    ],
    [
      "a throwing toJSON",
      {
        a: {
          toJSON() {
            throw new Error("no");
          },
        },
      },
      "data.a",
    ],
    ["a proxy that throws on every trap", { a: hostile() }, "data.a"],
    ["an own __proto__", JSON.parse('{"a":[{"__proto__":{"admin":true}}]}'), "data.a[0].__proto__"],
    ["an own constructor", JSON.parse('{"a":{"constructor":1}}'), "data.a.constructor"],
    ["an own prototype", JSON.parse('{"prototype":1}'), "data.prototype"],
    ["nothing but a function", () => 1, "data"],
  ])("is never made of %s, and the error has its path", (_, value, path) => {
    const error = refusal(value);
    expect(error.path).toBe(path);
    expect(error.message.startsWith(`${path}: `)).toBe(true);
  });

  test("keeps what reading the value threw as the cause", () => {
    const thrown = new Error("no");
    const value = {
      get a() {
        throw thrown;
      },
    };
    expect(refusal(value).cause).toBe(thrown);
  });

  test(`is nested ${DEPTH_MAX} deep at most, and a deeper one is refused without a stack overflow`, () => {
    expect(jsonValue(nested(DEPTH_MAX), "data")).toEqual(nested(DEPTH_MAX));
    expect(refusal(nested(DEPTH_MAX + 1)).message).toContain("nested more than 200 deep");
    const error = refusal(nested(200_000));
    expect(error.message).toContain("nested more than 200 deep");
    expect(error.path.length).toBeLessThan(300);
  });
});

function hostile(): object {
  const refuse = () => {
    throw new Error("trap");
  };
  return new Proxy(
    {},
    Object.fromEntries(
      ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"].map((trap) => [trap, refuse]),
    ),
  );
}
