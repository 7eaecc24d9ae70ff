/** Whatever an event holds: in memory it arrives as it is, and where it must become JSON the publish names the place that cannot. */
/* oxlint-disable no-thenable -- what pretends to be a promise is tried here */
import { describe, expect, test } from "vitest";

import { EnvelopeError, Event, memory, type Transport } from "../../src/index.js";
import { encode } from "../../src/event/cloudevents.js";
import { http, toHeaders } from "../../src/event/cloudevents-headers.js";
import { counts, expectCountsToAddUp } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { envelope } from "../event/envelopes.js";
import { untouchable } from "./hostile.js";

class Held extends Event("hostile.held")<{ value: unknown }> {}

const no = (): never => {
  throw new Error("do not touch");
};

function nested(wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let depth = 0; depth < 1_000_000; depth++) value = wrap(value);
  return value;
}

function cycle(): object {
  const value: Record<string, unknown> = {};
  value["self"] = { list: [value] };
  return value;
}

const poisoned = (key: string): unknown => JSON.parse(`{"in":{"${key}":{"admin":true}}}`) as unknown;

/** Survives memory; JSON does not take it. */
const NOT_JSON: Readonly<Record<string, () => unknown>> = {
  "a million objects in each other": () => nested((inner) => ({ inner })),
  "a million arrays in each other": () => nested((inner) => [inner]),
  "a big integer": () => 10n ** 40n,
  "a cycle": cycle,
  "not a number": () => Number.NaN,
  infinity: () => -Infinity,
  "a symbol": () => Symbol("value"),
  "a function": () => no,
  "a map": () => new Map([[1, 2]]),
  "an error": () => new Error("value"),
  "a date that is none": () => new Date(Number.NaN),
  bytes: () => new Uint8Array(8),
  "a promise": () => Promise.resolve(1),
  "an own __proto__": () => poisoned("__proto__"),
  "an own constructor": () => poisoned("constructor"),
  "an own prototype": () => poisoned("prototype"),
  "a toJSON that throws": () => ({ toJSON: no }),
  "a getter that throws": () => Object.defineProperty({}, "price", { get: no, enumerable: true }),
  "an untouchable object": () => untouchable({}),
};

/** Survives both. */
const JSON_TOO: Readonly<Record<string, () => unknown>> = {
  "a text of a megabyte": () => "x".repeat(1_000_000),
  "half a surrogate pair": () => ["\ud800", "\udc00x"],
  "every kind of line end": () => "\r\n\u2028\u2029\0",
  "a key that is no identifier": () => ({ "": 1, "a b": 2, "é.[]": 3, length: 4, then: 5 }),
  "a hundred thousand keys": () =>
    Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, n])),
  "an object without a prototype": () => Object.assign(Object.create(null), { a: 1 }) as unknown,
  "a list with holes filled by undefined in objects": () => [{ a: undefined, b: 1 }],
};

const ALL = { ...NOT_JSON, ...JSON_TOO };

describe.each(Object.keys(ALL))("%s", (name) => {
  test("arrives in memory as it is, and leaves as a dead letter as it is", async () => {
    const { bus, time } = virtualBus();
    const value = ALL[name]!();
    const got: unknown[] = [];
    bus.on(Held, { name: "it" }, (event) => {
      got.push(event.value);
      throw new Error("keep it");
    });
    await bus.start();
    await bus.publish(new Held({ value }));
    await time.rest();
    const [letter] = await bus.deadLetters.list({ events: Held });
    expect(Object.is(got[0], value) && Object.is(letter?.event.value, value)).toBe(true);
    await bus.deadLetters.replay(letter!);
    await time.rest();
    expect(got).toHaveLength(2);
    expect(counts(bus, "it")).toMatchObject({ deadLettered: 2, running: 0 });
    await bus.close();
  });

  test("can be listed with a part of it hidden", async () => {
    const { bus, time } = virtualBus({
      redact: ["data.value.in.secret", "data.value.inner.x", "data.other"],
    });
    bus.on(Held, () => {
      throw new Error("keep it");
    });
    await bus.start();
    await bus.publish(new Held({ value: ALL[name]!() }));
    await time.rest();
    const [letter] = await bus.deadLetters.list();
    expect(letter?.event).toBeInstanceOf(Held);
    await bus.close();
  });
});

describe("frozen at the publish", () => {
  const FREEZES = Object.keys(ALL).filter(
    (name) => name !== "an untouchable object" && name !== "a getter that throws",
  );

  test.each(FREEZES)("%s arrives", async (name) => {
    const { bus, time } = virtualBus({ isolate: "freeze" });
    const value = ALL[name]!();
    const got: unknown[] = [];
    bus.on(Held, (event) => void got.push(event.value));
    await bus.start();
    await bus.publish(new Held({ value }));
    await time.rest();
    expect(Object.is(got[0], value)).toBe(true);
    await bus.close();
  });

  test.each(["an untouchable object", "a getter that throws"])("%s is refused", async (name) => {
    const { bus } = virtualBus({ isolate: "freeze" });
    bus.on(Held, { name: "it" }, () => undefined);
    await bus.start();
    await expect(bus.publish(new Held({ value: ALL[name]!() }))).rejects.toThrow("do not touch");
    expect(counts(bus, "it")).toMatchObject({ routed: 0 });
    await bus.close();
  });
});

describe("turned into an envelope", () => {
  test.each(Object.keys(NOT_JSON))("%s is an EnvelopeError that names its place", (name) => {
    const sent = envelope({ data: { items: [NOT_JSON[name]!()] } });
    for (const act of [() => encode(sent), () => toHeaders(sent, http)]) {
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(EnvelopeError);
      expect((error as EnvelopeError).path).toMatch(/^data\.items\[0\]/);
      expect((error as EnvelopeError).message.length).toBeLessThan(1_000);
    }
  });

  test.each(Object.keys(JSON_TOO))("%s is text", (name) => {
    const sent = envelope({ data: { value: JSON_TOO[name]!() } });
    expect(JSON.parse(encode(sent))).toHaveProperty("data");
    expect(toHeaders(sent, http).body.length).toBeGreaterThan(0);
  });
});

describe("published to a transport that serialises", () => {
  test.each(Object.keys(NOT_JSON))("%s is refused with its place, and leaves no trace", async (name) => {
    const { bus, time, sent } = await serialising();
    const error = await bus
      .publish(new Held({ value: NOT_JSON[name]!() }))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EnvelopeError);
    expect((error as EnvelopeError).path).toMatch(/^data\.value/);
    expect(counts(bus, "it")).toMatchObject({ routed: 0, waiting: 0 });
    expect(sent).toEqual([]);

    await bus.publish(new Held({ value: "plain" }));
    await time.rest();
    expect(counts(bus, "it")).toMatchObject({ routed: 1, handled: 1 });
    expectCountsToAddUp(bus);
    expect(await bus.close()).toMatchObject({ abandoned: [] });
  });
});

describe("what an event may not hold at its top", () => {
  test.each(["__proto__", "constructor", "toJSON"])("is an own %s", (key) => {
    const data = JSON.parse(`{"value":1,"${key}":{"admin":true}}`) as { value: unknown };
    expect(() => new Held(data)).toThrow(TypeError);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  test("is hidden with a prototype of its own making", async () => {
    const { bus, time } = virtualBus({ redact: ["data.value.card"] });
    bus.on(Held, () => {
      throw new Error("keep it");
    });
    await bus.start();
    const value = JSON.parse('{"card":"4111","__proto__":{"admin":true}}') as unknown;
    await bus.publish(new Held({ value }));
    await time.rest();
    const [letter] = await bus.deadLetters.list({ events: Held });
    const shown = letter!.event.value as { card: string; admin?: boolean };
    expect(shown.card).toBe("[redacted]");
    expect(shown.admin).toBeUndefined();
    await bus.close();
  });

  test("arrays in arrays a million deep can be hidden without the stack", async () => {
    const { bus, time } = virtualBus({ redact: ["data.value.card"] });
    bus.on(Held, () => {
      throw new Error("keep it");
    });
    await bus.start();
    await bus.publish(new Held({ value: nested((inner) => [inner]) }));
    await time.rest();
    expect(await bus.deadLetters.list()).toHaveLength(1);
    await bus.close();
  });
});

/** A bus whose only transport turns events into bytes, and otherwise does what memory does. */
async function serialising() {
  const inner = memory();
  const sent: unknown[] = [];
  const transport: Transport = {
    features: { ...inner.features, serialises: true },
    open: (sink) => inner.open(sink),
    declare: (group) => inner.declare(group),
    send: (batch) => (sent.push(...batch), inner.send(batch)),
    credit: (group, count) => inner.credit(group, count),
    settle: (item, settlement) => inner.settle(item, settlement),
    stop: () => inner.stop(),
    close: () => inner.close(),
  };
  const { bus, time } = virtualBus({ transport });
  bus.on(Held, { name: "it" }, () => undefined);
  await bus.start();
  return { bus, time, sent };
}

function thrownBy(act: () => unknown): unknown {
  try {
    return { nothing: act() };
  } catch (error) {
    return error;
  }
}
