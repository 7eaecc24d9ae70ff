/** How a process with a bus lives and ends: by itself when there is nothing to do, never silently, and by signals as it was asked to. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { program } from "./program.js";

let lives: Awaited<ReturnType<typeof program>>;
beforeAll(async () => void (lives = await program("lives")));
afterAll(() => lives.drop());

const SIGNALS = { running: "SIGTERM", closing: "SIGTERM" } as const;
const BY_ITSELF = { code: 0, signal: null, stderr: "" };

describe.concurrent("a process with a bus", () => {
  test("outlives a handler that rejects, and says what became of the delivery", async () => {
    const { stderr, ...ended } = await lives.run(["rejects"]);
    expect(ended).toEqual({ code: 0, signal: null, stdout: "1 dead letter\n" });
    expect(stderr).toContain("gave up on life.ping");
    expect(stderr).toContain("Error: the printer is on fire");
    expect(stderr).toMatch(/at .*lives\.mjs/);
  });

  test("does not end silently while close() waits for a handler that never settles", async () => {
    expect(await lives.run(["stays silent"])).toEqual({ ...BY_ITSELF, stdout: "1 abandoned\n" });
  });

  test("lives until a timeout that it waits for", async () => {
    const { stderr, ...ended } = await lives.run(["is timed out"]);
    expect(ended).toEqual({ code: 0, signal: null, stdout: "aborted\n" });
    expect(stderr).toContain("(timeout)");
  });

  test("lives until a retry that it waits for", async () => {
    expect(await lives.run(["waits for a retry"])).toEqual({ ...BY_ITSELF, stdout: "attempt 2\n" });
  });

  test("ends by itself when there is nothing to do, without close(), and has no signal listeners", async () => {
    expect(await lives.run(["has nothing to do"])).toEqual({ ...BY_ITSELF, stdout: "0 listeners\n" });
  });

  test("ends at once by a signal that nobody asked to be handled", async () => {
    const ended = await lives.run(["knows no signals"], SIGNALS);
    expect(ended).toEqual({ code: null, signal: "SIGTERM", stdout: "running\n", stderr: "" });
  });

  test("drains at the first signal where it was asked to, and then ends by that signal", async () => {
    const ended = await lives.run(["drains at a signal"], SIGNALS);
    expect(ended).toEqual({ code: null, signal: "SIGTERM", stdout: "running\ndrained\n", stderr: "" });
  });

  test("ends at the second signal, whatever still runs", async () => {
    const ended = await lives.run(["is impatient"], SIGNALS);
    expect(ended).toEqual({ code: null, signal: "SIGTERM", stdout: "running\nclosing\n", stderr: "" });
  });

  test("has no signal listeners after the undo of closeOnSignal()", async () => {
    expect(await lives.run(["takes it back"])).toEqual({ ...BY_ITSELF, stdout: "0 listeners\n" });
  });
});
