import { describe, expect, it } from "vitest";
import { Log } from "../../src/ledger/log.js";

const facts = { subscription: "mail", event: "a.b", eventId: "1" };

/** Everything that the log can say, said once. */
function sayAll(log: Log): void {
  const error = new Error("x");
  log.deadLettered(facts, { reason: "failed", error, store: undefined }, 2);
  log.stuck(facts, "hold");
  log.stuck(facts, "release");
  log.ruleFailed(facts, error);
  log.unhandled("a.b", "1");
  log.tapFailed("a.b", error);
  log.transport("down", "sql", error);
  log.transport("up", "sql", undefined);
  log.transportFailed("sql", "stop", error);
  log.declareFailed("mail", error);
  log.settleFailed("mail", error);
  log.undeliverable("mail", { reason: "schema", error, store: undefined });
  log.listenerFailed("lane.full", error);
  log.releaseFailed("a.b", "1", error);
}

/** A logger that keeps its lines, and that fails where it has lost its `this`. */
function keeping() {
  const lines: (readonly [level: string, about: unknown, message: unknown])[] = [];
  const line = (level: string) =>
    function (this: { readonly lines: typeof lines }, about: unknown, message: unknown): void {
      this.lines.push([level, about, message]);
    };
  const logger = {
    lines,
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
  return { lines, log: new Log(logger) };
}

describe("the log", () => {
  it("calls its logger with facts first and a sentence after, as a method", () => {
    const { lines, log } = keeping();
    const err = new Error("x");
    sayAll(log);
    expect(lines.map(([level, about]) => [level, about])).toEqual([
      ["error", { ...facts, reason: "failed", attempts: 2, err }],
      ["warn", facts],
      ["warn", facts],
      ["error", { ...facts, err }],
      ["warn", { event: "a.b", eventId: "1" }],
      ["error", { event: "a.b", err }],
      ["warn", { transport: "sql", err }],
      ["info", { transport: "sql", err: undefined }],
      ["error", { transport: "sql", err }],
      ["error", { subscription: "mail", err }],
      ["error", { subscription: "mail", err }],
      ["error", { subscription: "mail", reason: "schema", err }],
      ["error", { notice: "lane.full", err }],
      ["error", { event: "a.b", eventId: "1", err }],
    ]);
    for (const [, , message] of lines) expect(message).toMatch(/^[A-Z].*\.$|^mail .*\.$|^a\.b .*\.$/);
  });

  it.each([
    [0, "mail gave up on a.b (loop). It is kept in bus.deadLetters."],
    [1, "mail gave up on a.b after 1 attempt (loop). It is kept in bus.deadLetters."],
    [2, "mail gave up on a.b after 2 attempts (loop). It is kept in bus.deadLetters."],
  ])("says how many attempts a dead letter had, if it had any: %i", (attempts, message) => {
    const { lines, log } = keeping();
    log.deadLettered(facts, { reason: "loop", error: undefined, store: undefined }, attempts);
    expect(lines[0]?.[2]).toBe(message);
  });

  it("says that a store keeps a dead letter, where it does", () => {
    const { lines, log } = keeping();
    const how = { reason: "failed", error: undefined, store: "durable" };
    log.deadLettered(facts, how, 1);
    log.undeliverable("mail", how);
    for (const [, , message] of lines)
      expect(message).toMatch(/ It is kept by transport durable; bus\.deadLetters lists it\.$/);
  });

  it("says whether a stuck handler keeps its slot", () => {
    const { lines, log } = keeping();
    log.stuck(facts, "hold");
    log.stuck(facts, "release");
    expect(lines.map(([, , message]) => message)).toEqual([
      expect.stringContaining("It keeps its slot"),
      expect.stringContaining("Its slot was released"),
    ]);
  });

  it("tells the facts without the error where that cannot be printed, and without one says it once", () => {
    const told: unknown[] = [];
    const line = (about: object): void => {
      told.push(about);
      if ("err" in about && about.err instanceof Error) throw new Error("cannot be printed");
    };
    const log = new Log({ debug: line, info: line, warn: line, error: line });
    log.ruleFailed(facts, new Error("x"));
    log.stuck(facts, "hold");
    expect(told).toEqual([
      { ...facts, err: new Error("x") },
      { ...facts, err: "an error that cannot be printed" },
      facts,
    ]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("bad");
      },
    ],
    ["rejects", (() => Promise.reject(new Error("bad"))) as () => void],
  ])("is not stopped by a logger that %s", async (_, line) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    expect(() => sayAll(new Log({ debug: line, info: line, warn: line, error: line }))).not.toThrow();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });
});
