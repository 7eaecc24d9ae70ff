import { describe, expect, it } from "vitest";
import type { Delivery } from "../../src/delivery/delivery.js";
import { done, drop, NextTwiceError, type Step } from "../../src/index.js";
import { compose, type Core } from "../../src/pipeline/compose.js";

const delivery = { subscription: "s" } as Delivery;

describe("compose", () => {
  it("is the core itself where there are no steps", () => {
    const core: Core = async () => done();
    expect(compose([], core, undefined)).toBe(core);
  });

  it("gives every step the same delivery, the first outermost", async () => {
    const seen: unknown[] = [];
    const step =
      (name: string): Step =>
      (given, next) => (seen.push(name, given), next());
    const run = compose([step("a"), step("b")], async (given) => (seen.push(given), drop("x")), undefined);
    expect(await run(delivery)).toEqual(drop("x"));
    expect(seen).toEqual(["a", delivery, "b", delivery, delivery]);
  });

  it("rejects where a step throws at once", async () => {
    const run = compose(
      [
        () => {
          throw new Error("at once");
        },
      ],
      async () => done(),
      undefined,
    );
    await expect(run(delivery)).rejects.toThrow("at once");
  });

  it("rejects a second next(), and only that", async () => {
    const answers: PromiseSettledResult<unknown>[] = [];
    const step: Step = async (_, next) => {
      answers.push(...(await Promise.allSettled([next(), next()])));
      return done();
    };
    const run = compose([step], async () => done(), undefined);
    await run(delivery);
    await run(delivery);
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    expect(answers[1]).toMatchObject({ reason: expect.any(NextTwiceError) });
  });

  it("hands over before each step", async () => {
    const points: string[] = [];
    const handOver = (point: string, about: string): void => void points.push(`${point} ${about}`);
    const step: Step = (_, next) => next();
    await compose([step, step], async () => done(), handOver)(delivery);
    expect(points).toEqual(["step s", "step s"]);
  });
});
