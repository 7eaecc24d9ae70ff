/** Waiting for dead letters, wherever they are kept: a store is asked until it has them. */
import type { Bus } from "../../bus.js";
import type { DeadLetter } from "../../index.js";
import type { Scene } from "./scene.js";

/** Resolves to all there are, when there are so many; throws where they do not come. */
export async function letters(scene: Scene, bus: Bus, count: number): Promise<readonly DeadLetter[]> {
  let found: readonly DeadLetter[] = [];
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    found = await bus.deadLetters.list();
    looking = undefined;
  };
  await scene.time.until(
    () => ((looking ??= look()), found.length >= count),
    () => `there are ${found.length} of ${count} dead letters`,
  );
  await looking;
  return found;
}
