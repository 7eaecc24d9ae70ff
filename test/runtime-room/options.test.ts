/** Options tables, their rules, and the sentences that a caller reads. */
import { describe, expect, it, vi } from "vitest";

import {
  boolean,
  checkOptions,
  checkValue,
  didYouMean,
  duration,
  either,
  func,
  instanceOf,
  integerFrom,
  listOf,
  object,
  oneOf,
  positiveDuration,
  record,
  refuse,
  rule,
  show,
  string,
  type OptionTable,
  type Rule,
} from "../../src/runtime/options.js";

function setup() {
  const range: OptionTable = {
    min: { ...integerFrom(1), about: "Fewest at once.", required: true },
    max: { ...integerFrom(1), about: "Most at once.", required: true },
  };
  const table: OptionTable = {
    concurrency: { ...either(integerFrom(1), object(range)), about: "How many run at once.", default: 10 },
    overflow: { ...oneOf("wait", "reject"), about: "What a full lane does.", default: "wait" },
    retry: { ...duration, about: "Until the next attempt." },
  };
  return { table, check: (value: unknown) => checkOptions("lanes.mail", value, table) };
}

describe("checkOptions", () => {
  it("finds no fault in options that keep their rules", () => {
    const { check } = setup();
    expect(check({ concurrency: 3, overflow: "reject", retry: "10s" })).toEqual([]);
    expect(check({ concurrency: { min: 1, max: 4 } })).toEqual([]);
    expect(check({})).toEqual([]);
  });

  it("takes undefined for absent, also where the option is unknown to nobody", () => {
    expect(setup().check({ concurrency: undefined, overflow: undefined })).toEqual([]);
  });

  it("says what it expected and what it got, with the path", () => {
    expect(setup().check({ overflow: "drop" })).toEqual([
      'Expected `lanes.mail.overflow` to be "wait" or "reject", got `"drop"` (string).',
    ]);
    expect(setup().check({ retry: "10 sec" })).toEqual([
      'Expected `lanes.mail.retry` to be a duration such as 250 (ms), "10s" or "5m", got `"10 sec"` (string).',
    ]);
  });

  it("gives all faults at once, unknown names first", () => {
    expect(setup().check({ retyr: 1, concurrency: 0, overflow: 1 })).toEqual([
      "Unknown option `retyr` in `lanes.mail`. Did you mean `retry`?",
      "Expected `lanes.mail.concurrency` to be an integer from 1 up or an object { min, max }, got `0` (number).",
      'Expected `lanes.mail.overflow` to be "wait" or "reject", got `1` (number).',
    ]);
  });

  it("looks into the alternative that has the right form", () => {
    expect(setup().check({ concurrency: { min: 0, mux: 3 } })).toEqual([
      "Unknown option `mux` in `lanes.mail.concurrency`. Did you mean `max`?",
      "Expected `lanes.mail.concurrency.min` to be an integer from 1 up, got `0` (number).",
      "Expected `lanes.mail.concurrency.max` to be an integer from 1 up, got `undefined`.",
    ]);
  });

  it.each([[null], [undefined], [7], [[]], [() => 1]])("refuses %s in the place of options", (value) => {
    expect(setup().check(value)).toEqual([
      `Expected \`lanes.mail\` to be an object of options, got ${show(value)}.`,
    ]);
  });

  it("does not take what every object inherits for a known option", () => {
    expect(setup().check({ toString: 1 })).toEqual([
      "Unknown option `toString` in `lanes.mail`. It takes `concurrency`, `overflow`, `retry`.",
    ]);
  });
});

describe("a rule", () => {
  const faultsOf = (each: Rule, value: unknown) => checkValue("x", value, each).length;

  it.each<[string, Rule, unknown[], unknown[]]>([
    ["integerFrom(0)", integerFrom(0), [0, 5], [-1, 0.5, NaN, Infinity, 2 ** 53, "1", 1n]],
    ["integerFrom(0, 7)", integerFrom(0, 7), [0, 7], [8, -1]],
    ["boolean", boolean, [true, false], [0, "true", null]],
    ["string", string, ["a"], ["", 1, null]],
    ["func", func, [() => 1, class {}], [{}, null]],
    ["duration", duration, [0, 1.5, "0ms", "1.5h"], [-1, "1w", null]],
    ["positiveDuration", positiveDuration, [1, "1ms"], [0, "0s", -1]],
    ["oneOf", oneOf("a", 1, true), ["a", 1, true], ["b", 2, false, undefined]],
    ["listOf", listOf(string), [[], ["a"]], ["a", [1], [""], {}]],
    ["record", record(string), [{}, { a: "b" }, { a: undefined }], [{ a: 1 }, [], null]],
    ["instanceOf", instanceOf(Date, "a Date"), [new Date(0)], [0, {}, null]],
    ["either", either(boolean, string), [true, "a"], [1, null]],
    ["rule", rule("even", (value) => Number(value) % 2 === 0), [2], [3]],
  ])("%s takes what it says and nothing else", (_, each, good, bad) => {
    for (const value of good) expect(faultsOf(each, value), show(value)).toBe(0);
    for (const value of bad) expect(faultsOf(each, value), show(value)).toBe(1);
  });

  it("names the place of a fault in a list and in a record", () => {
    expect(checkValue("redact", ["a", 1], listOf(string))).toEqual([
      "Expected `redact[1]` to be a text that is not empty, got `1` (number).",
    ]);
    expect(checkValue("lanes", { mail: 1 }, record(boolean))).toEqual([
      "Expected `lanes.mail` to be true or false, got `1` (number).",
    ]);
  });

  it("hands the table of an object on, for the reference page", () => {
    const { table } = setup();
    expect(object(table).table).toBe(table);
    expect(either(integerFrom(1), object(table)).table).toBe(table);
    expect(either(integerFrom(1), boolean)).not.toHaveProperty("table");
  });

  it("says the bounds of an integer", () => {
    expect(integerFrom(1).expects).toBe("an integer from 1 up");
    expect(integerFrom(0, 7).expects).toBe("an integer from 0 to 7");
  });
});

describe("refuse", () => {
  it("throws one TypeError that lists every fault", () => {
    expect(() => refuse(["First.", "Second."])).toThrow(new TypeError("First.\nSecond."));
  });

  it("does nothing without a fault", () => {
    expect(() => refuse([])).not.toThrow();
  });
});

describe("didYouMean", () => {
  const known = ["retry", "timeout", "concurrency", "capacity", "lane"];

  it.each([
    ["retyr", "retry"],
    ["RETRY", "retry"],
    ["timout", "timeout"],
    ["concurency", "concurrency"],
    ["capacities", "capacity"],
    ["lanes", "lane"],
  ])("takes %s for %s", (word, meant) => {
    expect(didYouMean(word, known)).toBe(` Did you mean \`${meant}\`?`);
  });

  it.each(["", "x", "name", "delay", "constructor"])("does not guess at %j", (word) => {
    expect(didYouMean(word, known)).toBe("");
  });

  it("takes the nearest of several", () => {
    expect(didYouMean("waitMx", ["waitingMax", "waitMax"])).toBe(" Did you mean `waitMax`?");
  });
});

describe("show", () => {
  const throws = () => {
    throw new Error("looked at");
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each([
    [0, "`0` (number)"],
    ["a", '`"a"` (string)'],
    [null, "`null`"],
    [undefined, "`undefined`"],
    [-0, "`-0` (number)"],
    [10n, "`10n` (bigint)"],
    [Symbol("s"), "`Symbol(s)` (symbol)"],
    [[1, 2], "`[ 1, 2 ]` (array)"],
    [{ min: 1 }, "`{ min: 1 }` (object)"],
    ["a`b\nc", '`"a\'b\\nc"` (string)'],
  ])("prints a value and its type: %#", (value, text) => {
    expect(show(value)).toBe(text);
  });

  it("stays short and on one line", () => {
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`name${index}`, "a\nb"]));
    for (const value of ["x".repeat(1_000), Array(1_000).fill("long\n"), Symbol("\n".repeat(200)), wide]) {
      expect(show(value).length).toBeLessThan(110);
      expect(show(value)).not.toContain("\n");
    }
  });

  it("runs no inspection of the value's own", () => {
    const looks = vi.fn<() => string>();
    show({ [Symbol.for("nodejs.util.inspect.custom")]: looks });
    expect(looks).not.toHaveBeenCalled();
  });

  it.each([
    ["a getter", Object.defineProperty({}, "x", { get: throws, enumerable: true })],
    ["toString", { toString: throws, valueOf: throws, [Symbol.toPrimitive]: throws }],
    ["its own inspection", { [Symbol.for("nodejs.util.inspect.custom")]: throws }],
    ["its tag", Object.defineProperty({}, Symbol.toStringTag, { get: throws })],
    ["every trap", new Proxy({}, { get: throws, ownKeys: throws, getPrototypeOf: throws })],
    ["being revoked", revoked.proxy],
    ["no prototype", Object.create(null)],
  ])("prints a value that throws by %s", (_, value) => {
    expect(show(value)).toMatch(/^`.+` \(object\)$/);
  });
});
