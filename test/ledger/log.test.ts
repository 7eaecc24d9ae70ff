import { describe, expect, it } from "vitest";
import { Log } from "../../src/ledger/log.js";

const facts = { subscription: "mail", event: "a.b", eventId: "1" };

/** Everything that the log can say, said once. */
function sayAll(log: Log): void {
  const error = new Error("x");
  log.deadLettered(facts, "failed", error, 2);
  log.stuck(facts, "hold");
  log.ruleFailed(facts, error);
  log.unhandled("a.b", "1");
  log.tapFailed("a.b", error);
  log.transport("down", "sql", error);
  log.transport("up", "sql", undefined);
  log.settleFailed("mail", error);
  log.undeliverable("mail", "schema", error);
  log.listenerFailed("lane.full", error);
  log.releaseFailed("a.b", "1", error);
}

describe("the log", () => {
  it("calls its logger with facts first and a sentence after, as a method", () => {
    const lines: [string, unknown, string][] = [];
    const logger = {
      lines,
      debug(): void {},
      info(about: unknown, message: string): void {
        this.lines.push(["info", about, message]);
      },
      warn(about: unknown, message: string): void {
        this.lines.push(["warn", about, message]);
      },
      error(about: unknown, message: string): void {
        this.lines.push(["error", about, message]);
      },
    };
    sayAll(new Log(logger));
    expect(lines.map(([level]) => level)).toEqual([
      "error",
      "warn",
      "error",
      "warn",
      "error",
      "warn",
      "info",
      "error",
      "error",
      "error",
      "error",
    ]);
    for (const [, about, message] of lines) {
      expect(about).toBeTypeOf("object");
      expect(message).toMatch(/^[A-Z].*\.$|^mail .*\.$|^a\.b .*\.$/);
    }
    expect(lines[0]).toEqual([
      "error",
      { ...facts, reason: "failed", attempts: 2, err: new Error("x") },
      "mail gave up on a.b after 2 attempts (failed). It is kept in bus.deadLetters.",
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
