/** Makes the tapes of a failing run shorter and plainer for as long as it still fails in the same way. */
import type { Tapes } from "./run.js";

type Part = keyof Tapes;

/** `fails` runs the tapes; at most so many times. */
export async function shrink(
  tapes: Tapes,
  fails: (tapes: Tapes) => Promise<boolean>,
  triesMax: number = 400,
): Promise<Tapes> {
  let best = tapes;
  let tries = 0;
  const isTaken = async (part: Part, shorter: readonly number[]): Promise<boolean> => {
    if (tries++ >= triesMax) return false;
    const next = { ...best, [part]: shorter };
    if (!(await fails(next))) return false;
    best = next;
    return true;
  };
  for (let before; before !== best && tries < triesMax;) {
    before = best;
    for (const part of ["scenario", "schedule"] as const) {
      await withoutTail(
        () => best[part],
        (shorter) => isTaken(part, shorter),
      );
      await withoutBlocks(
        () => best[part],
        (shorter) => isTaken(part, shorter),
      );
      await withZeros(
        () => best[part],
        (shorter) => isTaken(part, shorter),
      );
    }
  }
  return best;
}

type Take = (shorter: readonly number[]) => Promise<boolean>;

async function withoutTail(now: () => readonly number[], take: Take): Promise<void> {
  for (let kept = 0; kept < now().length; kept = Math.max(1, kept * 2))
    if (await take(now().slice(0, kept))) return;
}

async function withoutBlocks(now: () => readonly number[], take: Take): Promise<void> {
  for (let size = now().length >> 1; size > 0; size >>= 1)
    for (let from = now().length - size; from >= 0; from -= size)
      await take([...now().slice(0, from), ...now().slice(from + size)]);
}

/* The first choice, no fault, the smallest number. */
async function withZeros(now: () => readonly number[], take: Take): Promise<void> {
  for (let at = now().length - 1; at >= 0; at--)
    if (now()[at] !== 0) await take(now().map((number, index) => (index === at ? 0 : number)));
}
