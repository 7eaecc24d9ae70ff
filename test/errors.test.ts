/** The error classes, and that their page says of each what happened and what to do. */
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import * as general from "../src/errors.js";
import { InjectedFaultError, LoopError, StillRunningError } from "../src/testing/index.js";
import * as ofStores from "../src/transport/store-errors.js";

const errors = { ...general, ...ofStores, InjectedFaultError, LoopError, StillRunningError };
const { SignalboxError, ThrownValueError, toError } = errors;
const cause = new Error("why");

/** One of each, as the engine makes them. */
const SAMPLES: readonly general.SignalboxError[] = [
  new errors.InvalidEventError("shop.order.placed", [
    { message: "Required", path: ["items", { key: 0 }, "sku"] },
  ]),
  new errors.NewerVersionError("shop.order.placed", 3, 2),
  new errors.UnknownEventError("shop.order.placed"),
  new errors.EnvelopeError("data.at", "`1` (bigint) does not survive JSON", "Make it text."),
  new errors.UnhandledEventError("shop.order.placed", "e-1"),
  new errors.LaneFullError("mail"),
  new errors.CascadeOverflowError("a", ["a", "b", "a"]),
  new errors.PartlyAcceptedError(["a"], ["b"], cause),
  new errors.BusClosedError(),
  new errors.NotStartedError("invoke() came before start()"),
  new errors.StartError(["one", "two"]),
  new errors.SelfWaitError("receipt.settled()"),
  new errors.SettledElsewhereError("sqlite"),
  new errors.InvokeDepthError(["a", "b"]),
  new errors.PublishDepthError(64),
  new errors.DelayedFullError(100_000),
  new errors.EventExpiredError("mails.send", "shop.order.placed"),
  new errors.TaskFailedError({ task: "image.resize", taskId: "t-1", reason: "failed" }, [], cause),
  new errors.TaskCancelledError("image.resize", "not needed"),
  new errors.UnhandledTaskError("image.resize"),
  new errors.InvalidResultError("image.resize", [{ message: "Required", path: ["thumb"] }]),
  new errors.ReplaceDepthError(["a", "b"]),
  new errors.GroupFailedError(2, [{ state: "done" }, { state: "failed" }], cause),
  new errors.HandlerTimeoutError("OrderMails.send", 10_000),
  new errors.DeliveryLostError("OrderMails.send", "lease"),
  new errors.StoreError("sqlite", "full", "database or disk is full. Make room on the disk."),
  new errors.NewerSchemaError("signalbox_schema", 3, 2),
  new errors.CauseDepthError("OrderMails.send", ["shop.a", "shop.b"]),
  new errors.NextTwiceError("OrderMails.send"),
  new errors.ThrownValueError("text"),
  new errors.StillRunningError(
    "A test bus was disposed while something was running",
    ["mails"],
    "Await bus.idle() first.",
  ),
  new errors.LoopError(["a", "b", "a"], "100 events deep"),
  new errors.InjectedFaultError({ on: "send", does: "reject" }),
];
const page = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n", 1)[0]!.replaceAll("`", ""), section]),
);

describe("every error", () => {
  test("of the module has a sample here", () => {
    const classes = Object.values(errors).filter(
      (each) => each !== SignalboxError && each.prototype instanceof SignalboxError,
    );
    expect(SAMPLES.map((sample) => sample.constructor)).toEqual(expect.arrayContaining(classes));
    expect(SAMPLES).toHaveLength(classes.length);
  });

  test("has a code of its own", () => {
    expect(new Set(SAMPLES.map(({ code }) => code)).size).toBe(SAMPLES.length);
  });

  test.each(SAMPLES.map((error) => [error.code, error] as const))(
    "%s opens its stack with a name that minifiers keep",
    (code, error) => {
      expect(code).toMatch(/^SIGNALBOX_[A-Z_]+$/);
      expect(error).toBeInstanceOf(Error);
      expect(errors[error.name as "SignalboxError"]).toBe(error.constructor);
      expect(error.stack?.startsWith(`${error.name}: ${error.message}`)).toBe(true);
      expect(Object.keys(error)).not.toContain("name");
      expect(inspect(error).split(error.name)).toHaveLength(2);
    },
  );

  test.each(SAMPLES.map((error) => [error.code, error] as const))(
    "%s ends with a sentence that says what to do",
    (_, error) => {
      const sentences = error.message.split(/\. |\n/);
      expect(sentences.length).toBeGreaterThan(1);
      expect(sentences.at(-1)).toMatch(/^[A-Z]\w*,?( [^ ]+){2,}\.$/);
    },
  );

  test.each(SAMPLES.map(({ code }) => [code]))(
    "%s has a part of docs/errors.md, with what happened and what to do",
    (code) => {
      const section = sections.get(code);
      expect(section).toContain("**What happened.**");
      expect(section).toContain("**What to do.**");
      expect(section).toContain(`\`${SAMPLES.find((each) => each.code === code)!.name}\``);
    },
  );

  test("of the page is a class", () => {
    const codes: string[] = SAMPLES.map(({ code }) => code);
    expect([...sections.keys()].filter((title) => !codes.includes(title))).toEqual([]);
  });
});

describe("the facts of an error", () => {
  test("are fields", () => {
    const facts = Object.fromEntries(SAMPLES.map(({ name, ...fields }) => [name, fields]));
    expect(facts).toMatchObject({
      InvalidEventError: { event: "shop.order.placed", issues: [{ message: "Required" }] },
      NewerVersionError: { event: "shop.order.placed", version: 3, known: 2 },
      UnknownEventError: { event: "shop.order.placed" },
      EnvelopeError: { path: "data.at" },
      UnhandledEventError: { event: "shop.order.placed", eventId: "e-1" },
      LaneFullError: { lane: "mail" },
      CascadeOverflowError: { lane: "a", chain: ["a", "b", "a"] },
      PartlyAcceptedError: { accepted: ["a"], refused: ["b"] },
      StartError: { faults: ["one", "two"] },
      SettledElsewhereError: { transport: "sqlite" },
      InvokeDepthError: { chain: ["a", "b"] },
      TaskFailedError: { task: "image.resize", taskId: "t-1", reason: "failed", attempts: [] },
      TaskCancelledError: { task: "image.resize", reason: "not needed" },
      UnhandledTaskError: { task: "image.resize" },
      InvalidResultError: { task: "image.resize", issues: [{ message: "Required" }] },
      ReplaceDepthError: { chain: ["a", "b"] },
      GroupFailedError: { required: 2, settled: [{ state: "done" }, { state: "failed" }] },
      HandlerTimeoutError: { subscription: "OrderMails.send", timeoutMs: 10_000 },
      DeliveryLostError: { subscription: "OrderMails.send" },
    });
  });

  test("are in the message of an invalid event: its name, the path and the issue, five at most", () => {
    const one = new errors.InvalidEventError("a.b", [
      { message: "Required", path: ["items", { key: 0 }, Symbol("s")] },
    ]);
    expect(one.message).toBe(
      "Event a.b is not valid: items.0.Symbol(s): Required. Give the data that its schema takes.",
    );
    const many = new errors.InvalidEventError(
      "a.b",
      Array.from({ length: 7 }, () => ({ message: "Bad." })),
    );
    expect(many.message).toContain("Bad.; Bad.; Bad.; Bad.; Bad.; and 2 more. Give");
  });

  test("include every fault that start() found, and the cause", () => {
    expect(new errors.StartError(["one", "two"]).message).toContain("\n  - one\n  - two\n");
    expect(new errors.PartlyAcceptedError([], ["b"], cause).cause).toBe(cause);
    expect(new errors.PartlyAcceptedError([], ["b"], cause).message).toContain(
      "Accepted by nobody: the wait for b ended.",
    );
    expect(new errors.PartlyAcceptedError(["a"], ["b"], cause).message).toContain("Accepted by a, not by b.");
    expect(new errors.LaneFullError("a", { cause }).cause).toBe(cause);
    expect(new errors.BusClosedError({ cause }).cause).toBe(cause);
    expect(new errors.StartError([], { cause }).cause).toBe(cause);
    expect(new errors.EnvelopeError("a", "b", "c", { cause }).cause).toBe(cause);
  });
});

describe("toError", () => {
  const throwing = () => {
    throw new Error("hands off");
  };
  const traps = Object.fromEntries(
    Object.getOwnPropertyNames(Reflect).map((trap) => [trap, throwing]),
  ) as ProxyHandler<object>;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const getters = (field: string) => Object.defineProperty(new Error("x"), field, { get: throwing });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "text"],
    ["a number", 3],
    ["a symbol", Symbol("s")],
    ["a bigint", 3n],
    ["an object without a prototype", Object.create(null)],
    ["a plain object", { message: "looks like one" }],
    ["an object whose toString throws", { toString: throwing }],
    ["an object whose toString gives no text", { toString: () => ({}), valueOf: () => ({}) }],
    ["a proxy that throws on every trap", new Proxy({}, traps)],
    ["a function proxy that throws on every trap", new Proxy(() => 1, traps)],
    ["an error behind a proxy that throws on every trap", new Proxy(new Error("x"), traps)],
    ["a revoked proxy", revoked.proxy],
    ["an error whose message throws", getters("message")],
    ["an error whose stack throws", getters("stack")],
    ["an error whose name throws", getters("name")],
    ["an error whose cause throws", getters("cause")],
    ["an error whose message is no text", Object.assign(new Error("x"), { message: { toString: throwing } })],
    ["an error whose stack is no text", Object.defineProperty(new Error("x"), "stack", { value: {} })],
  ])("makes a readable Error of %s, which it keeps as the cause", (_, thrown) => {
    const error = toError(thrown);
    expect(error).toBeInstanceOf(ThrownValueError);
    expect(Object.is(error.cause, thrown)).toBe(true);
    expect(error.message).toMatch(/^Not an Error but .+ was thrown\. Throw an Error/s);
    expect([typeof error.stack, `${error.name}`]).toEqual(["string", "ThrownValueError"]);
  });

  test("gives back what is an Error, also one of another realm or without a stack", () => {
    class Odd extends TypeError {}
    const bare = Object.defineProperty(new Error("x"), "stack", { value: undefined });
    for (const error of [
      new Odd("x"),
      new AggregateError([]),
      new DOMException("x"),
      bare,
      runInNewContext("new Error('x')"),
    ]) {
      expect(toError(error)).toBe(error);
    }
  });
});
