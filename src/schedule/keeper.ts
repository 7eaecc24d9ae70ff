/** Where a schedule stands, in a store: a record that only moves forward, and a lease for the process that runs it. */
import type { Store } from "../transport/transport.js";

/** What every process with the schedule goes by. */
export interface Position {
  /** Its times, as text. Whoever begins last writes its own, and the others stand by. */
  readonly rule: string;
  /** Everything up to here was decided, in milliseconds since the epoch. */
  readonly after: number;
  /** The time after that, as its writer has it; null where there is none. */
  readonly next: number | null;
  /** Times since the last tick that got none. */
  readonly missed: number;
  /** A run that has begun and is not over. */
  readonly run: StoredRun | null;
}

export interface StoredRun {
  readonly due: number;
  readonly missed: number;
  /** How often it was begun, crashes included. */
  readonly times: number;
}

/** Of a schedule and a store. */
export interface KeeperParts {
  readonly store: Store;
  readonly name: string;
  readonly rule: string;
  /** A process that is silent for so long has lost its run. */
  readonly leaseMs: number;
}

/* The rest of the lease is for whoever looks whether it is over. */
const TERM = 0.75;
const text = new TextEncoder();

export class Keeper {
  readonly rule: string;
  readonly leaseMs: number;
  /** Whether runs of it may begin here, and until when by the clock that nobody sets. */
  isLeading: boolean = false;
  heldUntil: number = -Infinity;
  /** Whether somebody was told that the store fails. */
  isTold: boolean = false;
  readonly #key: string;
  readonly #store: Store;
  #seen: { readonly position: Position; readonly version: number | undefined } | undefined;

  constructor({ store, name, rule, leaseMs }: KeeperParts) {
    this.rule = rule;
    this.leaseMs = leaseMs;
    this.#store = store;
    this.#key = `schedule/${name}`;
  }

  get position(): Position | undefined {
    return this.#seen?.position;
  }

  /**
   * Makes the times of the schedule known, those of another rule, or of none, counting from `now`. Written in any case:
   * somebody who has looked before must not be the last. Answers whether it is the last that was looked at.
   */
  async join(now: number, next: (after: number) => number | undefined): Promise<boolean> {
    const found = this.position;
    if (found?.rule === this.rule) return this.#write(found);
    const after = Math.max(found?.after ?? -Infinity, now);
    const position = { rule: this.rule, after, next: next(after) ?? null, missed: 0 };
    return this.#write({ ...position, run: found?.run ?? null });
  }

  /** What the record says now. */
  async look(): Promise<Position | undefined> {
    const found = await this.#store.get(this.#key);
    const position = found && (JSON.parse(new TextDecoder().decode(found.value)) as Position);
    this.#seen = found && { position: position!, version: found.version };
    return position;
  }

  /** Takes the lease, or extends it; `now` is that of the clock that nobody sets. */
  async lead(now: number): Promise<boolean> {
    const termMs = this.leaseMs * TERM;
    const isHeld = await this.#store.lease(this.#key, termMs);
    if (isHeld) this.heldUntil = now + termMs;
    return isHeld;
  }

  /** Writes what is decided where nobody else has written since the last look. */
  move(position: Omit<Position, "rule">): Promise<boolean> {
    const after = Math.max(position.after, this.position?.after ?? -Infinity);
    return this.#write({ ...position, after, rule: this.rule });
  }

  /** The run is over: the lease is free, and times up to `after` are decided. `isUndone` leaves the run to another process. */
  async rest(position: Omit<Position, "rule" | "run">, isUndone: boolean): Promise<void> {
    this.isLeading = false;
    const ours = runOf(this.position);
    for (;;) {
      const { rule = this.rule, after = -Infinity, run = null } = this.position ?? {};
      const left = isUndone && run !== null ? { ...run, times: run.times - 1 } : null;
      if (await this.#write({ ...position, after: Math.max(position.after, after), rule, run: left })) break;
      await this.look(); // another rule, perhaps
      if (runOf(this.position) !== ours) return; // it was taken over
    }
    await this.release();
  }

  async release(): Promise<void> {
    this.isLeading = false;
    await this.#store.lease(this.#key, 0);
  }

  /* Where nobody else has written since. */
  async #write(position: Position): Promise<boolean> {
    const value = text.encode(JSON.stringify(position));
    const ifVersion = await this.#version();
    if (ifVersion === undefined || !(await this.#store.put(this.#key, value, { ifVersion }))) return false;
    this.#seen = { position, version: undefined };
    return true;
  }

  /* Which version follows ours is the store's affair. */
  async #version(): Promise<number | undefined> {
    const seen = this.#seen;
    if (seen === undefined) return 0;
    if (seen.version !== undefined) return seen.version;
    await this.look();
    const isOurs = JSON.stringify(this.position) === JSON.stringify(seen.position);
    return isOurs ? this.#seen?.version : undefined;
  }
}

function runOf(position: Position | undefined): string {
  return JSON.stringify(position?.run ?? null);
}
