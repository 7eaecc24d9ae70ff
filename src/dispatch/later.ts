/** What is published for later: kept until it is due, in this process, to be listed, moved and cancelled by id. */
import { DelayedFullError } from "../errors.js";
import type { Timer } from "../runtime/timers.js";
import { portOf } from "./carrying.js";
import { NO_ATTEMPTS } from "./follower.js";
import type { Facilities } from "./facilities.js";
import type { Planned } from "./planner.js";
import type { Publication } from "./publication.js";

/** An event that is not due yet. */
export interface Delayed {
  readonly id: string;
  /** The name of the event. */
  readonly event: string;
  readonly dueAt: Date;
}

interface Entry {
  readonly planned: Planned;
  /** In milliseconds since the epoch. */
  dueAt: number;
  timer: Timer;
}

/* A moment of the wall clock is looked at anew after so long, since that clock may be set meanwhile. */
const LOOK_MS = 3_600_000;

export class Later {
  readonly #facilities: Facilities;
  readonly #max: number;
  readonly #onDue: (planned: Planned) => void;
  readonly #byId = new Map<string, Entry[]>();
  #size = 0;

  constructor(facilities: Facilities, max: number, onDue: (planned: Planned) => void) {
    this.#facilities = facilities;
    this.#max = max;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#size;
  }

  /** Throws where so many more find no room. */
  checkRoomFor(count: number): void {
    if (this.#size + count > this.#max) throw new DelayedFullError(this.#max);
  }

  /** Keeps an event until it is due; its tree has something open until then. */
  add(planned: Planned): void {
    const { publication } = planned;
    const dueAt = publication.dueAt ?? publication.moment.wall;
    const entry: Entry = { planned, dueAt, timer: undefined as never };
    publication.tree.opened();
    this.#byId.set(publication.id, [...(this.#byId.get(publication.id) ?? []), entry]);
    this.#size++;
    this.#arm(entry);
  }

  /** The next to be due first. */
  list(): readonly Delayed[] {
    return [...this.#byId.values()]
      .flat()
      .toSorted((a, b) => a.dueAt - b.dueAt)
      .map(({ planned: { publication }, dueAt }) =>
        Object.freeze({ id: publication.id, event: publication.name, dueAt: new Date(dueAt) }),
      );
  }

  /** False where none is left. */
  cancel(id: string): boolean {
    return this.#end(id, "dropped", "cancelled before it was due").length > 0;
  }

  /** To another moment, in milliseconds since the epoch; false where none is left. */
  move(id: string, dueAt: number): boolean {
    const entries = this.#byId.get(id) ?? [];
    for (const entry of entries) {
      entry.timer.cancel();
      entry.dueAt = dueAt;
      this.#arm(entry);
    }
    return entries.length > 0;
  }

  /** Gives all up, since the bus is closing; answers the names of the events. */
  abandon(): string[] {
    return [...this.#byId.keys()]
      .flatMap((id) => this.#end(id, "abandoned", "delayed when the bus was closed"))
      .map(({ planned }) => `${planned.publication.name} (delayed)`);
  }

  #arm(entry: Entry): void {
    const { runtime, timers } = this.#facilities;
    const left = entry.dueAt - runtime.host.now();
    entry.timer = timers.after(Math.min(Math.max(left, 0), LOOK_MS), () => this.#look(entry), "delay");
  }

  #look(entry: Entry): void {
    const { host } = this.#facilities.runtime;
    if (entry.dueAt > host.now()) return this.#arm(entry);
    const { publication } = entry.planned;
    const rest = this.#byId.get(publication.id)!.filter((each) => each !== entry);
    if (rest.length > 0) this.#byId.set(publication.id, rest);
    else this.#byId.delete(publication.id);
    this.#size--;
    this.#onDue(entry.planned);
    publication.tree.closed();
  }

  #end(id: string, outcome: "dropped" | "abandoned", reason: string): readonly Entry[] {
    const entries = this.#byId.get(id) ?? [];
    this.#byId.delete(id);
    this.#size -= entries.length;
    for (const { planned, timer } of entries) {
      timer.cancel();
      const { tree } = planned.publication;
      tree.count(outcome, { subscription: "", eventId: id, outcome, reason });
      planned.publication.follower?.ended({ reason }, NO_ATTEMPTS, false);
      tree.closed();
    }
    return entries;
  }
}

/** Whether this process keeps it until it is due, and not its transport. */
export function isForLater({ publication }: Planned): boolean {
  const { dueAt, moment, topic } = publication;
  return dueAt !== undefined && !topic.carriage.takesDelay(dueAt - moment.wall);
}

/** Throws where this process must not keep it: what a store accepts outlives the process. */
export function checkLater(publication: Publication): void {
  const { carriage } = publication.topic;
  portOf(publication)?.check(publication);
  if (!carriage.isStore) return;
  const says = `Transport ${carriage.name} stores ${publication.name} and cannot keep it so long before it is due.`;
  throw new TypeError(`${says} Shorten the delay, or publish it when it is due.`);
}

export function isDue({ publication }: Planned, { runtime }: Facilities): boolean {
  return publication.dueAt! <= runtime.host.now();
}
