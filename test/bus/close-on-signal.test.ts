/** closeOnSignal() within this process, whose end is only watched; under-fire/lives.test.ts has real ones. */
import { afterEach, expect, test, vi } from "vitest";
import { closeOnSignal } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

const undos: (() => void)[] = [];
afterEach(() => {
  for (const undo of undos.splice(0)) undo();
  vi.restoreAllMocks();
});

function setup() {
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);
  const closing = () => {
    const end = deferred();
    const calls: unknown[] = [];
    return { close: (...given: unknown[]) => (calls.push(given[0]), end.promise), calls, end };
  };
  const add = (bus: { close(): Promise<unknown> }, options = {}): void =>
    void undos.push(closeOnSignal(bus as never, options));
  const signal = (name: NodeJS.Signals): void => void process.emit(name, name);
  const rest = () => new Promise((resolve) => setImmediate(resolve));
  return { kill, closing, add, signal, rest };
}

test("either signal closes the bus with the deadline, and is raised again when the bus has closed", async () => {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    const { kill, closing, add, signal, rest } = setup();
    const bus = closing();
    add(bus, { deadline: "3s" });
    signal(name);
    await rest();
    expect([bus.calls, kill.mock.calls]).toEqual([[{ deadline: "3s" }], []]);
    bus.end.resolve();
    await rest();
    expect(kill.mock.calls).toEqual([[process.pid, name]]);
    vi.restoreAllMocks();
  }
});

test("a close that fails ends the process all the same", async () => {
  const { kill, closing, add, signal, rest } = setup();
  const bus = closing();
  add(bus);
  signal("SIGTERM");
  bus.end.reject(new Error("no"));
  await rest();
  expect(kill.mock.calls).toEqual([[process.pid, "SIGTERM"]]);
});

test("of several buses the last to close raises the signal; a second signal waits for none", async () => {
  const { kill, closing, add, signal, rest } = setup();
  const [one, other] = [closing(), closing()];
  add(one);
  add(other);
  signal("SIGTERM");
  one.end.resolve();
  await rest();
  expect([one.calls.length, other.calls.length, kill.mock.calls]).toEqual([1, 1, []]);
  other.end.resolve();
  await rest();
  expect(kill.mock.calls).toHaveLength(1);
  const third = closing();
  add(third);
  signal("SIGTERM");
  signal("SIGINT");
  expect(kill.mock.calls.at(-1)).toEqual([process.pid, "SIGINT"]);
});

test("the undo takes the listeners away, and nothing else of the process", () => {
  const { add } = setup();
  const before = [process.listenerCount("SIGTERM"), process.listenerCount("SIGINT")];
  add(virtualBus().bus);
  expect(process.listenerCount("SIGTERM")).toBe(before[0]! + 1);
  undos[0]!();
  undos[0]!();
  expect([process.listenerCount("SIGTERM"), process.listenerCount("SIGINT")]).toEqual(before);
});

test("a wrong deadline is found when it is given, not at the end", () => {
  const { add } = setup();
  expect(() => add(virtualBus().bus, { deadline: "soon" })).toThrow(TypeError);
  expect(process.listenerCount("SIGTERM")).toBe(0);
});
