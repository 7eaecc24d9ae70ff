/** The simulator of the core, in small: `npm run simulate` runs it at length. */
import { describe, expect, it } from "vitest";
import { type Run, run, type Scenario } from "../../src/testing/simulate/run.js";
import { shrink } from "../../src/testing/simulate/shrink.js";
import { Tape } from "../../src/testing/simulate/tape.js";
import { textOf } from "../support/repository.js";
import { mixedLife } from "./acts.js";
import { planted } from "./planted.mjs";
import { heldLane, waitingLane } from "./queue.js";

const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => 1 + index);

async function runs(scenario: Scenario, count: number): Promise<Run[]> {
  const all: Run[] = [];
  for (const seed of seeds(count)) all.push(await run(scenario, seed));
  return all;
}

describe("the core under the simulator", () => {
  it.each([
    ["a mixed life", mixedLife],
    ["a lane that is held", heldLane],
    ["a lane that makes wait", waitingLane],
  ])("%s keeps every promise, whoever goes first", async (_name, scenario) => {
    const broken = (await runs(scenario, 60)).filter(({ violation }) => violation !== undefined);
    expect(broken.map(({ violation }) => violation)).toEqual([]);
  });

  it("writes the same transcript twice from a seed, byte for byte, and another from another", async () => {
    const [first, second] = [await runs(mixedLife, 20), await runs(mixedLife, 20)];
    const texts = first.map(({ transcript }) => transcript.join("\n"));
    expect(second.map(({ transcript }) => transcript.join("\n"))).toEqual(texts);
    expect(new Set(texts).size).toBe(20);
  });

  it("plays its tapes again to the same transcript", async () => {
    const { tapes, transcript } = await run(mixedLife, 3);
    expect((await run(mixedLife, 99, tapes)).transcript).toEqual(transcript);
  });

  it("plants every fault in a piece that stands in its file once", () => {
    const moved = planted.filter(({ file, find }) => textOf(file).split(find).length !== 2);
    expect(moved.map(({ name }) => name)).toEqual([]);
    expect(planted.length).toBeGreaterThanOrEqual(20);
  });
});

describe("a tape", () => {
  it("draws the same from the same seed, and the plainest past the end of what is played", () => {
    const tape = new Tape(7);
    const drawn = [tape.next(), tape.below(10), tape.random()];
    const again = new Tape(7);
    expect([again.next(), again.below(10), again.random()]).toEqual(drawn);
    const played = new Tape(0, tape.drawn.slice(0, 1));
    expect([played.next(), played.next(), played.below(10)]).toEqual([drawn[0], 0, 0]);
  });

  it("is shortened to what a failure needs", async () => {
    const fails = async ({ scenario }: { scenario: readonly number[] }) =>
      scenario.includes(4) && scenario.length > 1;
    const shortest = await shrink({ scenario: [1, 2, 3, 4, 5, 6], schedule: [7, 8] }, fails);
    expect(shortest.schedule).toEqual([]);
    expect(shortest.scenario.length).toBe(2);
  });
});
