/** Mutated envelopes: whatever arrives, nothing but an EnvelopeError leaves the codec. */
import { describe, expect, test } from "vitest";

import { EnvelopeError } from "../../src/errors.js";
import { decode, encode } from "../../src/event/cloudevents.js";
import { amqp, fromHeaders, http, nats, toHeaders } from "../../src/event/cloudevents-headers.js";
import type { Envelope } from "../../src/event/envelope.js";
import { envelope, fullEnvelope } from "./envelopes.js";

const RUNS = 25_000;
const HOSTILE: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => "",
  () => "\0",
  () => "\ud800",
  () => -1,
  () => 1e21,
  () => Number.NaN,
  () => 10n ** 30n,
  () => Symbol("s"),
  () => () => 1,
  () => [],
  () => ({}),
  () => new Map([[1, 2]]),
  () => new Date(Number.NaN),
  () => "2026-02-30T00:00:00Z",
  () => JSON.parse('{"__proto__":{"a":1}}') as unknown,
  () => ({
    toJSON: () => {
      throw new Error("no");
    },
  }),
  () =>
    Object.create(null, {
      a: {
        get: () => {
          throw new Error("no");
        },
        enumerable: true,
      },
    }) as unknown,
  () =>
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
        get: () => {
          throw new Error("no");
        },
      },
    ),
  () => Array.from({ length: 300 }).reduce<unknown>((inner) => [inner], 1),
];
const PIECES = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "null",
  "1e999",
  "\u0000",
  "%zz",
  '"__proto__":1,',
  '"constructor":{},',
  "é",
  "\ud83d",
];

/** mulberry32: a run can be repeated from its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function mutatedText(text: string, random: (below: number) => number): string {
  let result = text;
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(result.length + 1);
    const cut = random(4) === 0 ? random(30) : random(2);
    result = result.slice(0, at) + PIECES[random(PIECES.length)]! + result.slice(at + cut);
  }
  return result;
}

function mutatedBytes(text: string, random: (below: number) => number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  for (let times = 1 + random(4); times > 0; times--) bytes[random(bytes.length)] = random(256);
  return bytes;
}

/** How often each thing came out: a value, an EnvelopeError; anything else goes on. */
function outcomes(act: (random: (below: number) => number) => unknown): { given: number; refused: number } {
  const count = { given: 0, refused: 0 };
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      act(randomFrom(seed));
      count.given++;
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw new Error(`seed ${seed}`, { cause: error });
      count.refused++;
    }
  }
  return count;
}

describe("of 100,000 mutated envelopes", { timeout: 30_000 }, () => {
  const wire = encode(fullEnvelope());

  test("none makes the decoder throw anything but an EnvelopeError", () => {
    const texts = outcomes((random) => decode(mutatedText(wire, random), 0));
    const bytes = outcomes((random) => decode(mutatedBytes(wire, random), 0));
    for (const { given, refused } of [texts, bytes])
      expect(Math.min(given, refused)).toBeGreaterThan(RUNS / 100);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  test("none makes the encoder throw anything but an EnvelopeError, and what it gives can be decoded", () => {
    const keys = Object.keys(envelope()) as (keyof Envelope)[];
    const { given, refused } = outcomes((random) => {
      const value = HOSTILE[random(HOSTILE.length)]!();
      const inData = random(3) === 0;
      const sent = envelope(inData ? { data: { a: [value] } } : { [keys[random(keys.length)]!]: value });
      decode(encode(sent), 0);
    });
    expect(Math.min(given, refused)).toBeGreaterThan(RUNS / 100);
  });

  test("none makes the headers form throw anything but an EnvelopeError", () => {
    const forms = [http, nats, amqp].map((binding) => ({ binding, ...toHeaders(fullEnvelope(), binding) }));
    const { given, refused } = outcomes((random) => {
      const { binding, headers, body } = forms[random(forms.length)]!;
      const names = Object.keys(headers);
      const name = names[random(names.length)]!;
      const changed =
        random(2) === 0 ? HOSTILE[random(HOSTILE.length)]!() : mutatedText(headers[name]!, random);
      const renamed = random(4) === 0 ? mutatedText(name, random) : name;
      fromHeaders(
        {
          headers: { ...headers, [renamed]: changed },
          body: random(3) === 0 ? mutatedBytes("{}", random) : body,
        },
        binding,
        0,
      );
    });
    expect(Math.min(given, refused)).toBeGreaterThan(RUNS / 100);
  });
});
