/** A subscription that waits until nothing newer comes: of each group only the latest delivery is left. */
import type { DebounceOptions } from "../delivery/policies.js";
import type { AnyEvent } from "../event/event.js";
import type { Standing } from "../lane/queued.js";
import { toMs } from "../runtime/duration.js";
import { show } from "../runtime/options.js";
import { atOnce } from "../runtime/thenable.js";

/** What it has to know of a delivery; a ticket is one. */
export interface Debounced {
  readonly publication: { readonly event: AnyEvent };
  readonly route: { readonly name: string };
  readonly key: string | undefined;
  readonly standing: Standing;
  foregone: object | undefined;
}

interface Held {
  readonly ticket: Debounced;
  /** When the first of its group came, of those that nothing was handled of, on the monotonic clock. */
  readonly since: number;
}

export class Debounce {
  readonly #waitMs: number;
  readonly #waitMaxMs: number;
  readonly #key: ((event: AnyEvent) => string) | undefined;
  readonly #held = new Map<string, Held>();

  constructor({ wait, maxWait, key }: DebounceOptions<AnyEvent>) {
    this.#waitMs = toMs(wait, "debounce.wait");
    this.#waitMaxMs = maxWait === undefined ? Infinity : toMs(maxWait, "debounce.maxWait");
    this.#key = key;
  }

  /** Whether one of its group waits, whose place it takes. A key that throws fails the delivery. */
  supersedes(ticket: Debounced): boolean {
    if (ticket.foregone !== undefined) return false;
    try {
      return this.#held.has(this.#groupOf(ticket));
    } catch (error) {
      ticket.foregone = { error };
      return false;
    }
  }

  /** Holds it; answers whom it supersedes, for how long it waits, and what to call when that is over. */
  hold(ticket: Debounced, now: number): { older: Debounced | undefined; ms: number; over: () => void } {
    const group = this.#groupOf(ticket);
    const older = this.#held.get(group);
    const since = older?.since ?? now;
    const held = { ticket, since };
    this.#held.set(group, held);
    const over = (): void => {
      if (this.#held.get(group) === held) this.#held.delete(group);
    };
    const ms = Math.max(0, Math.min(this.#waitMs, since + this.#waitMaxMs - now));
    return { older: older?.ticket.standing === "waiting" ? older.ticket : undefined, ms, over };
  }

  #groupOf({ publication, key, route }: Debounced): string {
    if (this.#key === undefined) return key ?? "";
    const group: unknown = atOnce(this.#key(publication.event), "debounce.key");
    if (typeof group === "string") return group;
    throw new TypeError(`Expected \`debounce.key\` of ${route.name} to give a text, got ${show(group)}.`);
  }
}
