/** Classes with handlers of tasks, whichever compiler made them: one body for every dialect of decorators. */
import { describe, expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import type * as Handled from "./handled.js";
import { Add, Double, Nothing, Resize } from "./setup.js";

export function handlersBehave(dialect: string, { Maths, More, Fresh, mistakes }: typeof Handled): void {
  describe(`@Handles (${dialect})`, () => {
    test("marks methods that give the results of their tasks, with the options of class and method", async () => {
      const { bus } = virtualBus({ subscribers: [Maths] });
      await bus.start();
      expect(await (await bus.run(new Double({ n: 2 }))).result()).toBe(4);
      expect(await (await bus.run(new Add({ a: 1, b: 2 }))).result()).toBe(3);
      expect(await (await bus.run(new Nothing())).result()).toBeUndefined();
      const described = bus.describe().subscriptions.map(({ name, attempts }) => `${name} ${attempts}`);
      expect(described).toEqual(["math.double 2", "math.add 1", "math.asked 2", "math.nothing 2"]);
    });

    test("is inherited, and kept where a method is overridden", async () => {
      const { bus } = virtualBus({ subscribers: [More] });
      await bus.start();
      expect(await (await bus.run(new Double({ n: 2 }))).result()).toBe(-4);
    });

    test("works with an instance per delivery", async () => {
      const { bus } = virtualBus({ subscribers: [Fresh] });
      await bus.start();
      const first = await (await bus.run(new Double({ n: 2 }))).result();
      expect(await (await bus.run(new Double({ n: 2 }))).result()).toBe(first + 1);
    });

    test.each(mistakes())("refuses %s", (_, define, says) => {
      expect(define).toThrow(TypeError);
      expect(define).toThrow(says);
    });
  });

  test(`two handlers and none are faults at start, all at once (${dialect})`, async () => {
    class Wrong extends Maths {}
    const { bus } = virtualBus({ subscribers: [Wrong, Maths], tasks: [Resize] });
    const error = (await bus.start().catch((e: unknown) => e)) as { faults: string[] };
    expect(error.faults.join("\n")).toMatch(/Task math\.double has two handlers \(.*\)\. Keep one/);
    expect(error.faults.join("\n")).toMatch(/No handler takes task image\.resize/);
  });
}
