import { expect, test } from "vitest";
import type { Container, Scope } from "../../src/container/container.js";
import { openScope } from "../../src/container/open-scope.js";
import { plain } from "../../src/container/plain.js";
import { resolveSubscribers } from "../../src/container/resolve-all.js";

class Pair {
  disposed = false;
  constructor(
    readonly left: unknown,
    readonly right: unknown,
  ) {}
  dispose(): void {
    this.disposed = true;
  }
}
const pair = { target: Pair, inject: ["left", "right"], name: "Pair" };

test("collects the failures of every token of every subscriber", async () => {
  const other = { ...pair, inject: ["left", "other"] };
  const { faults } = await resolveSubscribers(plain(), [pair, other]);
  expect(faults.map((each) => each.slice(0, each.indexOf(":")))).toEqual([
    'Pair → "left"',
    'Pair → "right"',
    'Pair → "other"',
  ]);
});

test("gives instances in the order of the classes, and none for what failed", async () => {
  class Fine {}
  const fine = { target: Fine, inject: undefined, name: "Fine" };
  const { instances } = await resolveSubscribers(plain(), [pair, fine]);
  expect(instances).toEqual([undefined, expect.any(Fine)]);
});

test("reports a constructor that throws as a fault", async () => {
  class Broken {
    constructor(_value: unknown) {
      throw new Error("no disk");
    }
  }
  const container = plain();
  container.provide("left", 1);
  const { faults } = await resolveSubscribers(container, [
    { target: Broken, inject: ["left"], name: "Broken" },
  ]);
  expect(faults).toEqual([expect.stringMatching(/^Broken: its constructor threw: no disk\./)]);
});

test("reports a container that answers with nothing", async () => {
  const empty: Container = { resolve: () => undefined, provide: () => undefined };
  const { faults } = await resolveSubscribers(empty, [{ ...pair, inject: undefined }]);
  expect(faults).toEqual([
    expect.stringContaining("the container answered undefined instead of an instance"),
  ]);
});

test("joins a multi-line message of a container to one sentence behind the path", async () => {
  const container: Container = {
    provide: () => undefined,
    resolve: () => {
      throw new Error("Could not resolve.\n\n  Path: a -> b");
    },
  };
  const { faults } = await resolveSubscribers(container, [{ ...pair, inject: undefined }]);
  expect(faults).toEqual(["Pair: Could not resolve. Path: a -> b"]);
});

test("refuses scope delivery at the start where the container has no scopes", async () => {
  const flat: Container = { resolve: () => new Pair(1, 2), provide: () => undefined };
  const { faults } = await resolveSubscribers(flat, [{ ...pair, scope: "delivery" }]);
  expect(faults).toEqual([
    expect.stringMatching(/^Pair asks for scope: "delivery", and the container has no/),
  ]);
});

test("opens a scope without a promise where nothing is asynchronous", () => {
  const opened = openScope(plain(), pair, [
    ["left", 1],
    ["right", 2],
  ]);
  expect(opened).not.toBeInstanceOf(Promise);
});

test("ends with its scope a subscriber that was made from its tokens", async () => {
  const opened = await openScope(plain(), pair, [
    ["left", 1],
    ["right", 2],
  ]);
  await opened.dispose();
  expect((opened.subscriber as Pair).disposed).toBe(true);
});

test("disposes a scope in which the subscriber could not be made, and tells the first failure", async () => {
  const calls: string[] = [];
  const scope: Scope = {
    provide: () => undefined,
    resolve: () => Promise.reject(new Error("no tenant")),
    dispose: () => {
      calls.push("disposed");
      throw new Error("second");
    },
  };
  const container: Container = {
    resolve: () => undefined,
    provide: () => undefined,
    createScope: () => scope,
  };
  await expect(async () => openScope(container, pair)).rejects.toThrow("no tenant");
  expect(calls).toEqual(["disposed"]);
});
