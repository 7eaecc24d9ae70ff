/** What a broken promise looks like to whoever has to mend it: the seed, how to see it again, the shortest way to it. */
import { type Run, run, type Scenario, type Tapes } from "./run.js";
import { shrink } from "./shrink.js";

interface Failed {
  readonly seed: number;
  readonly scenario: Scenario;
  /** The call that runs it once more. */
  readonly again: string;
}

/** Shrinks the run, and tells of it in several lines. */
export async function report({ violation, tapes }: Run, { seed, scenario, again }: Failed): Promise<string> {
  const { name, facts } = violation!;
  const replayed = (each: Tapes): Promise<Run> => run(scenario, seed, each);
  const shortest = await replayed(
    await shrink(tapes, async (each) => (await replayed(each)).violation?.name === name),
  );
  return [
    `seed ${seed}: ${name}: ${facts}`,
    `again: ${again}`,
    "The shortest way to it that was found (milliseconds and who went next; indented, what came of it):",
    ...shortest.transcript,
  ].join("\n");
}
