/**
 * What waits for a lock of somebody's open transaction waits here, so that it holds up nobody but what comes after it in one of
 * its lines.
 */

/** What is kept in order. */
export interface InLines {
  readonly lines: readonly string[];
}

/* So long at most is tried at a time; the rest comes next time. */
const PASS_MS = 100;

export class Aside<Each extends InLines> {
  #waiting: Each[] = [];
  /* Where the next pass begins. */
  #from = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(each: Each): void {
    this.#waiting.push(each);
  }

  /** Takes those that come after one here; answers the others. */
  takeBehind(all: readonly Each[]): Each[] {
    if (this.isEmpty) return [...all];
    const lines = new Set(this.#waiting.flatMap((each) => each.lines));
    return all.filter((each) => {
      const isBehind = touches(lines, each);
      if (isBehind) this.#waiting.push(each);
      if (isBehind) addAll(lines, each);
      return !isBehind;
    });
  }

  /** Tries those that nothing here is in front of; each that answers true is done. */
  async pass(isDone: (each: Each) => Promise<boolean>, now: () => number): Promise<void> {
    const until = now() + PASS_MS;
    const all = this.#waiting.splice(0);
    const from = this.#from < all.length ? this.#from : 0;
    const lines = new Set<string>();
    const left: Each[] = [];
    let next: number | undefined;
    for (const [at, each] of all.entries()) {
      const isTurn = at >= from && !touches(lines, each);
      if (isTurn && now() >= until) next ??= left.length;
      else if (isTurn && (await isDone(each))) continue;
      left.push(each);
      addAll(lines, each);
    }
    this.#from = next ?? 0;
    this.#waiting = [...left, ...this.#waiting];
  }

  takeAll(): Each[] {
    return this.#waiting.splice(0);
  }
}

function touches(lines: ReadonlySet<string>, each: InLines): boolean {
  return each.lines.some((line) => lines.has(line));
}

function addAll(lines: Set<string>, each: InLines): void {
  for (const line of each.lines) lines.add(line);
}
