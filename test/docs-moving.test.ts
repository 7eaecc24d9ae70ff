/** The page about moving keeps its word: which options belong to memory, and which mean on a store what they say. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { busOptions } from "../src/dispatch/bus-options.js";
import { policyOptions, subscriptionOptions } from "../src/dispatch/policy-options.js";
import { type BusOptions, Event, plain, type StartError, type SubscriptionOptions } from "../src/index.js";
import { laneOptions } from "../src/lane/lane-options.js";
import type { OptionTable } from "../src/runtime/options.js";
import { sqlite } from "../src/sqlite/index.js";
import { rowsBehind } from "./support/transport-pages.js";
import { virtualBus } from "./support/virtual.js";

class Ping extends Event("test.ping")<{ n: number }> {}

const retry = { attempts: 2 };
const dedupe = { by: "id", window: "1m" };
const debounce = { wait: "1s" };
const slots = { min: 1, max: 2, target: "1s" };
const rate = { limit: 1, interval: "1s" };
const breaker = { failures: 1, pause: "1s" };

/* A value of each option: not the default, and what a store may not have where there is something. */
const ofSubscriptions = {
  lane: "narrow",
  retry: 2,
  "retry.attempts": retry,
  "retry.backoff": { ...retry, backoff: () => 1 },
  "retry.delay": { ...retry, delay: 1 },
  "retry.delayMax": { ...retry, delayMax: 1 },
  "retry.jitter": { ...retry, jitter: false },
  "retry.on": { ...retry, on: () => undefined },
  timeout: "1s",
  stuck: "release",
  grace: "2s",
  keyFailure: "park",
  transaction: true,
  steps: [() => undefined],
  name: "other",
  key: () => "k",
  when: () => true,
  dedupe,
  "dedupe.by": { ...dedupe, by: () => "k" },
  "dedupe.window": { ...dedupe, window: "2m" },
  "dedupe.max": { ...dedupe, max: 5 },
  debounce,
  "debounce.wait": debounce,
  "debounce.maxWait": { ...debounce, maxWait: "2s" },
  "debounce.key": { ...debounce, key: () => "k" },
  audience: "each",
  crashes: 1,
  start: "earliest",
};

const ofLanes = {
  concurrency: 2,
  "concurrency.min": slots,
  "concurrency.max": slots,
  "concurrency.target": slots,
  capacity: 5,
  overflow: "reject",
  rate,
  "rate.limit": rate,
  "rate.interval": rate,
  "rate.by": { ...rate, by: "key" },
  breaker,
  "breaker.failures": breaker,
  "breaker.pause": breaker,
  waitingMax: 5,
  waitMax: "5s",
  worker: undefined, // the handlers of another module
};

const ofBus = {
  subscribers: [],
  events: [Ping],
  tasks: [],
  lanes: { narrow: {}, wide: { waitMax: "5s" } }, // no subscription is in it
  container: plain(),
  transport: undefined, // the store itself
  transports: undefined,
  stamp: () => ({}),
  redact: ["data.n"],
  defaults: { retry: 2 },
  steps: [() => undefined],
  source: "/test",
  heldMax: 5,
  delayedMax: 5,
  isolate: "freeze",
  context: false,
  onUnhandled: "error",
  deadLetters: { max: 5 },
  "deadLetters.max": { max: 5 },
  "deadLetters.maxAge": { maxAge: "1d" },
  results: { max: 5 },
  "results.max": { max: 5 },
  "results.maxAge": { maxAge: "1m" },
  journal: true,
  "journal.size": { size: 5 },
  logger: undefined, // that of the test
};

/* Of each option that the page shows: what becomes of it. */
const shown = new Map(
  rowsBehind("docs/moving.md", "on a store").flatMap((row) => {
    const [, options = "", of = "", says = ""] = row.split("|").map((cell) => cell.trim());
    return Array.from(options.matchAll(/`([^`]+)`/g), ([, name]) => [`${of} ${name}`, says] as const);
  }),
);

let folder = "";
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), "signalbox-moving-"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function faultsOf(given: object, busGiven: object = {}): Promise<readonly string[]> {
  const transport = sqlite({ path: path.join(folder, "moving.db"), synchronous: "normal" });
  const { bus } = virtualBus({ transport, lanes: { narrow: {} }, ...(busGiven as BusOptions) });
  bus.on(Ping, { name: "reader", ...given } as SubscriptionOptions<Ping>, () => undefined);
  const faults = await bus.start().then(
    () => [],
    (error: StartError) => error.faults,
  );
  await bus.close();
  return faults;
}

/** All options of a table, nested ones under dotted names; lanes and policies are elsewhere. */
function namesIn(table: OptionTable, prefix = ""): string[] {
  return Object.entries(table).flatMap(([name, { table: inner }]) => {
    const isElsewhere = inner === undefined || inner === laneOptions || inner === policyOptions;
    return [prefix + name, ...(isElsewhere ? [] : namesIn(inner, `${prefix}${name}.`))];
  });
}

describe.each([
  ["subscriptions", subscriptionOptions, ofSubscriptions, (option: object) => faultsOf(option)],
  ["lanes", laneOptions, ofLanes, (option: object) => faultsOf({ lane: option })],
  ["the bus", busOptions, ofBus, (option: object) => faultsOf({}, option)],
] as const)("the page about moving: %s", (of, table, samples, faultsWith) => {
  test("every option is kept on a store, or named by start() as the page says", async () => {
    expect(Object.keys(samples)).toEqual(namesIn(table));
    for (const [name, value] of Object.entries(samples)) {
      const [outer = ""] = name.split(".");
      const says = shown.get(`${of} ${name}`) ?? shown.get(`${of} ${outer}`) ?? "";
      const faults = await faultsWith(value === undefined ? {} : { [outer]: value });
      expect([name, faults.length > 0, faults]).toEqual([name, says.includes("named by `start()`"), faults]);
    }
  });

  test("every row is that of an option", () => {
    const rows = [...shown.keys()].filter((row) => row.startsWith(`${of} `));
    const names = Object.keys(samples).map((name) => `${of} ${name}`);
    expect(rows.length).toBeGreaterThan(0);
    expect(names).toEqual(expect.arrayContaining(rows));
  });
});
