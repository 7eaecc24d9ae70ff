// What the bus tells whoever watches: how often each subscription tried again, gave up or skipped
// what it had already, and how long its queue was.
// For the table only; whether everything was handled is the check's business (check.ts).
import type { Bus } from "signalbox";

export interface Watched {
  retried: number;
  deadLettered: number;
  deduplicated: number;
  waitingMax: number;
}

export function watch(bus: Bus): (subscription: string) => Watched {
  const all = new Map<string, Watched>();
  const of = (subscription: string): Watched => {
    const watched = all.get(subscription) ?? { retried: 0, deadLettered: 0, deduplicated: 0, waitingMax: 0 };
    all.set(subscription, watched);
    return watched;
  };
  bus.notices.on("delivery.retried", ({ subscription }) => void (of(subscription).retried += 1));
  bus.notices.on("delivery.deadLettered", ({ subscription }) => void (of(subscription).deadLettered += 1));
  bus.notices.on("delivery.deduplicated", ({ subscription }) => void (of(subscription).deduplicated += 1));
  bus.notices.on("delivery.started", ({ subscription, lane }) => {
    const watched = of(subscription);
    watched.waitingMax = Math.max(watched.waitingMax, bus.lanes.get(lane)?.waiting ?? 0);
  });
  return of;
}
