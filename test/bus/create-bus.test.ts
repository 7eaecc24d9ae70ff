import { expect, test, vi } from "vitest";
import { Bus, Clock, createBus, Event, memory, type Token } from "../../src/index.js";
import { Ping } from "../dispatch/setup.js";

/** What createBus says of options that types would refuse. */
function said(options: unknown): string[] {
  try {
    createBus(options as never);
    return [];
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return error.message.split("\n");
  }
}

test("all faults of the options are told at once, each with what was expected and what came", () => {
  expect(
    said({
      subscribers: "Mails",
      lanes: { mail: { concurrency: 0, capacityy: 5 } },
      source: "",
      heldMax: 1.5,
      isolate: "clone",
      context: 1,
      onUnhandeld: "warn",
      deadLetters: { max: 0, maxAge: "soon" },
      journal: { size: "9" },
      steps: [() => undefined, 3],
      redact: "data.card",
      stamp: {},
    }),
  ).toEqual([
    "Unknown option `onUnhandeld` in `createBus`. Did you mean `onUnhandled`?",
    'Expected `createBus.subscribers` to be an array of classes, got `"Mails"` (string).',
    "Unknown option `capacityy` in `createBus.lanes.mail`. Did you mean `capacity`?",
    "Expected `createBus.lanes.mail.concurrency` to be an integer from 1 up or an object { min, max, target }, got `0` (number).",
    expect.stringMatching(/^Expected `createBus.stamp` to be a function, got /),
    expect.stringMatching(/^Expected `createBus.redact` to be an array .*, got `"data.card"` \(string\)\.$/),
    "Expected `createBus.steps[1]` to be a function, got `3` (number).",
    'Expected `createBus.source` to be a text that is not empty, got `""` (string).',
    "Expected `createBus.heldMax` to be an integer from 0 up, got `1.5` (number).",
    'Expected `createBus.isolate` to be "none" or "freeze", got `"clone"` (string).',
    "Expected `createBus.context` to be true or false, got `1` (number).",
    "Expected `createBus.deadLetters.max` to be an integer from 1 up, got `0` (number).",
    expect.stringMatching(/^Expected `createBus.deadLetters.maxAge` to be .*, got `"soon"` \(string\)\.$/),
    'Expected `createBus.journal.size` to be an integer from 1 up, got `"9"` (string).',
  ]);
});

test("options that are no object are a TypeError, too", () => {
  for (const options of [null, [], 3, "x", () => undefined])
    expect(said(options)).toEqual([
      expect.stringMatching(/^Expected `createBus` to be an object of options, got /),
    ]);
});

test("numbers that are no limits are refused", () => {
  for (const concurrency of [0, -1, Number.NaN, 1.5, "4", Infinity, null])
    expect(said({ lanes: { a: { concurrency } } })).toHaveLength(1);
});

test("what must have methods is looked at for them", () => {
  expect(said({ container: {}, transport: {}, logger: { warn() {} } })).toEqual([
    expect.stringContaining("`createBus.container` to be a container with resolve() and provide()"),
    expect.stringContaining("`createBus.transport` to be a transport, such as memory()"),
    expect.stringContaining("`createBus.logger` to be a logger with debug, info, warn and error"),
  ]);
});

test("a rate needs its limit and its interval, a breaker its failures and its pause", () => {
  expect(said({ lanes: { a: { rate: {}, breaker: {} } } })).toEqual([
    expect.stringContaining("`createBus.lanes.a.rate.limit`"),
    expect.stringContaining("`createBus.lanes.a.rate.interval`"),
    expect.stringContaining("`createBus.lanes.a.breaker.failures`"),
    expect.stringContaining("`createBus.lanes.a.breaker.pause`"),
  ]);
});

test("half a container and what is no object are refused as well", () => {
  const half = [{ resolve: () => undefined }, { provide: () => undefined }, null, "x", () => undefined];
  for (const container of half)
    expect(said({ container })).toEqual([expect.stringContaining("`createBus.container` to be a container")]);
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  for (const no of [null, "x", Object.assign(() => undefined, logger)])
    expect(said({ logger: no })).toEqual([expect.stringContaining("`createBus.logger` to be a logger")]);
  expect(said({ logger })).toEqual([]);
});

test("one transport or several, not both", () => {
  expect(said({ transport: memory(), transports: {} })).toEqual([
    "Expected `transport` or `transports`, got both. Put the one into the other as `default`.",
  ]);
});

test("two event classes of one name are told, with all that is wrong with the other events", () => {
  class First extends Event("test.twin") {}
  class Second extends Event("test.twin") {}
  class Elsewhere extends Event("test.elsewhere", { transport: "gone" }) {}
  expect(said({ events: [First, Second, Elsewhere] })).toEqual([
    "Two event classes of this bus have the name test.twin (First and Second). Name one of them otherwise, or import the same class in both places.",
    "Event test.elsewhere names the transport `gone`, which createBus({ transports }) does not have.",
  ]);
  expect(said({ events: [Ping, class {}] })).toEqual([
    expect.stringMatching(/^Expected `createBus.events\[1\]` to be an event class, got /),
  ]);
});

test("undefined counts as absent, wherever it stands", () => {
  expect(
    said({ lanes: { a: undefined, b: { concurrency: undefined } }, transport: undefined, logger: undefined }),
  ).toEqual([]);
});

test("the options stay as they were given, and changing them later changes nothing", async () => {
  const lanes = Object.freeze({ mail: Object.freeze({ concurrency: 2 }) });
  const subscribers: never[] = [];
  const bus = createBus(Object.freeze({ lanes, subscribers }));
  expect(bus.lanes.get("mail")?.concurrency).toBe(2);
  await bus.close();
});

test("the bus and its clock are in the container before any subscriber is made", () => {
  const provided = new Map<unknown, unknown>();
  const container = {
    resolve: () => undefined,
    provide: (token: Token, value: unknown) => void provided.set(token, value),
  };
  const bus = createBus({ container });
  expect(provided.get(Bus)).toBe(bus);
  expect(provided.get(Clock)).toBeInstanceOf(Clock);
});

test("a bus that is only made sets no timer and tells nobody anything", () => {
  const [warn, error] = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
  const before = process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
  const bus = createBus({
    lanes: { a: { rate: { limit: 1, interval: "1s" }, breaker: { failures: 1, pause: "1s" } } },
  });
  expect(process.getActiveResourcesInfo().filter((each) => each === "Timeout")).toHaveLength(before);
  expect([...bus.lanes.keys()]).toEqual(["a"]);
  expect([warn.mock.calls, error.mock.calls]).toEqual([[], []]);
});
