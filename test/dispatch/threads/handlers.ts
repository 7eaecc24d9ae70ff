/** What runs on the threads of test/dispatch/threads.test.ts. */
import { isMainThread } from "node:worker_threads";
import { deadLetter, type Delivery, drop, Event, On, retry, Subscriber } from "signalbox";

export class Asked extends Event("cpu.asked", { key: (asked: { what: string }) => asked.what })<{
  what: string;
  at: Date;
}> {
  get loudly(): string {
    return this.what.toUpperCase();
  }
}

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code = "E_REFUSED";
  readonly unclonable = () => undefined;
}

@Subscriber({ name: "Work", lane: "cpu" })
export class Work {
  #calls = 0;

  @On(Asked, { retry: { attempts: 2, delay: 1, on: ruled }, timeout: "2s" })
  async handle(asked: Asked, delivery: Delivery): Promise<unknown> {
    this.#calls++;
    if (asked.what === "retry" && delivery.attempt === 1) return retry({ after: 1 });
    if (asked.what === "dead") return deadLetter("asked for it");
    if (asked.what === "drop") return drop("not needed");
    if (asked.what === "refuse") throw new Refusal("no");
    if (asked.what === "exit") process.exit(3);
    if (asked.what === "publish") await delivery.publish(asked);
    if (asked.what === "facts")
      throw Object.assign(new Error("facts"), { facts: this.#facts(asked, delivery) });
    const until = ["spin", "stale"].includes(asked.what)
      ? Infinity
      : asked.what === "busy"
        ? performance.now() + 300
        : 0;
    while (performance.now() < until);
    return undefined;
  }

  #facts(asked: Asked, { attempt, eventId, key, subscription, headers, deadline }: Delivery) {
    const event = [asked instanceof Asked, asked.loudly, asked.at instanceof Date, Object.isFrozen(asked)];
    const told = { attempt, key, subscription, isMainThread, calls: this.#calls };
    return {
      ...told,
      event,
      hasId: eventId !== "",
      tenant: headers["tenant"],
      hasDeadline: deadline !== undefined,
    };
  }
}

/* It runs where the bus is. */
function ruled(error: unknown) {
  return (error as { code?: unknown }).code === "E_REFUSED"
    ? deadLetter("refused, as the rule has read")
    : undefined;
}
