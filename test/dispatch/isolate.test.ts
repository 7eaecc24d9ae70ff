import { expect, test } from "vitest";
import { deepFreeze } from "../../src/dispatch/isolate.js";

test("plain objects, objects without a prototype and arrays are frozen at any depth", () => {
  const value = { list: [{ n: 1 }], bare: Object.assign(Object.create(null) as object, { deep: { n: 1 } }) };
  deepFreeze(value);
  const bare = value.bare as { deep: object };
  expect([value, value.list, value.list[0], bare, bare.deep].every(Object.isFrozen)).toBe(true);
});

test("what is no object is passed over, and instances and functions keep their state", () => {
  class Counter {
    count = 0;
  }
  const value = {
    nothing: null,
    missing: undefined,
    text: "a",
    number: 1,
    counter: new Counter(),
    run: Object.assign(() => undefined, { calls: { count: 0 } }),
    at: new Date(0),
  };
  deepFreeze(value);
  expect([value.counter, value.run, value.run.calls, value.at].some(Object.isFrozen)).toBe(false);
});
