/** What the simulator knows of every delivery of a bus, by its notices: who was told what, in which order. */
import type { AnyEvent, Bus, DeliveryNotice } from "../../index.js";

interface Life {
  isStarted: boolean;
  /** It has ended, how it did; a dead letter may be replayed and then ends once more. */
  ended: string | undefined;
}

/** The names of the ends of a delivery. */
const ENDS = ["done", "deadLettered", "dropped", "filtered", "deduplicated", "expired", "abandoned"] as const;

export class Ledger {
  isClosed = false;
  /** Grows with every notice. */
  notices = 0;
  readonly #lives = new Map<string, Life>();
  readonly #ids = new WeakMap<AnyEvent, string>();
  /* Where events stand among all that were accepted. */
  readonly #published = new Map<string, number>();
  readonly #unordered = new Set<string>();
  readonly #violate: (name: string, facts: string) => void;

  constructor(
    bus: Bus,
    hooks: { violate: (name: string, facts: string) => void; note: (line: string) => void },
  ) {
    this.#violate = hooks.violate;
    const note = (line: string): void => {
      this.notices++;
      hooks.note(line);
    };
    const says = (what: string) => (told: DeliveryNotice) =>
      note(`${told.subscription} ${told.eventId} ${what}`);
    bus.tap("**", (event, { id }) => {
      this.#ids.set(event, id);
      if (hasWaiting(bus)) this.#unordered.add(id);
    });
    bus.notices.on("event.published", ({ event, eventId }) => {
      this.#published.set(eventId, this.#published.size);
      note(`${event} ${eventId} is published`);
    });
    bus.notices.on(
      "delivery.started",
      (told) => (says(`starts, attempt ${told.attempt}`)(told), this.#starts(told)),
    );
    bus.notices.on("delivery.retried", says("is to be tried again"));
    bus.notices.on("delivery.stuck", says("is stuck"));
    bus.notices.on("delivery.late", says("ends late"));
    for (const end of ENDS)
      bus.notices.on(`delivery.${end}`, (told) => (says(`ends as ${end}`)(told), this.#ends(told, end)));
  }

  /** Whether one of two events was accepted before the other, by the order of the publishes and of the notices alike. */
  isBefore(one: string, other: string): boolean {
    const [first, second] = [this.#published.get(one), this.#published.get(other)];
    if (this.#unordered.has(one) || this.#unordered.has(other)) return false;
    return first !== undefined && second !== undefined && first < second && one < other;
  }

  /** Some of its subscriptions have refused an event: it may come to them later, and in another place. */
  leavesOrder(event: AnyEvent): void {
    const id = this.#ids.get(event);
    if (id !== undefined) this.#unordered.add(id);
  }

  /** How a delivery ended; undefined while it has not. */
  endOf(subscription: string, eventId: string): string | undefined {
    return this.#lives.get(`${subscription} ${eventId}`)?.ended;
  }

  #starts({ subscription, eventId, attempt }: DeliveryNotice): void {
    const life = this.#life(subscription, eventId);
    const who = `${subscription} ${eventId}`;
    if (this.isClosed) this.#violate("nothing starts after the close", who);
    if (!this.#published.has(eventId))
      this.#violate("nothing unexpected appears", `${who} was never published`);
    if (life.ended === "deadLettered") life.ended = undefined;
    if (life.ended !== undefined)
      this.#violate("one settlement per delivery", `${who} starts after it has ended as ${life.ended}`);
    if (attempt > 1 && !life.isStarted)
      this.#violate("nothing unexpected appears", `${who} begins with attempt ${attempt}`);
    life.isStarted = true;
  }

  #ends({ subscription, eventId }: DeliveryNotice, end: string): void {
    const life = this.#life(subscription, eventId);
    const isAgain =
      life.ended !== undefined && life.ended !== "deadLettered" && life.ended !== "deduplicated";
    if (isAgain && end !== "deduplicated")
      this.#violate(
        "one settlement per delivery",
        `${subscription} ${eventId} ends as ${end} after it has ended as ${life.ended!}`,
      );
    if (end === "done" && !life.isStarted)
      this.#violate("nothing unexpected appears", `${subscription} ${eventId} is done and never started`);
    if (!isAgain) life.ended = end;
  }

  #life(subscription: string, eventId: string): Life {
    const name = `${subscription} ${eventId}`;
    const known = this.#lives.get(name);
    if (known !== undefined) return known;
    const life: Life = { isStarted: false, ended: undefined };
    this.#lives.set(name, life);
    return life;
  }
}

/* What would close a circle of lanes overtakes those that wait: it is accepted before them. */
function hasWaiting(bus: Bus): boolean {
  for (const lane of bus.lanes.values()) if (lane.waitingPublishes > 0) return true;
  return false;
}
