/** Waiting for dead letters, wherever they are kept: a store is asked until it has them. */
import type { Bus } from "../../bus.js";
import type { DeadLetter } from "../../index.js";
import type { Awaitable } from "../../transport/transport.js";
import type { Scene } from "./scene.js";

/** Resolves to all there are, when there are so many; throws where they do not come. */
export function letters(scene: Scene, bus: Bus, count: number): Promise<readonly DeadLetter[]> {
  return listed(scene, () => bus.deadLetters.list(), count);
}

/** The same, as they are listed. */
export async function listed<T>(
  scene: Scene,
  list: () => Awaitable<readonly T[]>,
  count: number,
): Promise<readonly T[]> {
  let found: readonly T[] = [];
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    found = await list();
    looking = undefined;
  };
  await scene.time.until(
    () => ((looking ??= look()), found.length >= count),
    () => `there are ${found.length} of ${count} dead letters`,
  );
  await looking;
  return found;
}
