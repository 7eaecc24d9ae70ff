/** What the tests of schedules share: a bus on virtual time with a schedule, and what it has run for. */
import { type Delivery, Event, type ScheduleOptions, type Tick, type When } from "../../src/index.js";
import { Turn } from "../../src/runtime/turn.js";
import { deferred, virtualBus, VirtualTime } from "../support/virtual.js";

export class Tidied extends Event("test.tidied")<{ due: string; missed: number }> {}

export const START: number = Date.UTC(2026, 0, 1);
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** A moment as its time of the day, "03:00", or with its date where that is not the first. */
export function clockOf(date: Date): string {
  const text = date.toISOString();
  const day = text.startsWith("2026-01-01") ? "" : `${text.slice(5, 10)} `;
  return `${day}${text.slice(11, text.endsWith("00.000Z") ? 16 : text.endsWith(".000Z") ? 19 : 23)}`;
}

/** A virtual time from some moment, whose wall clock may be set, as an administrator or a time server does. */
export function settable(begins: number = START) {
  const time = new VirtualTime();
  const wall = { offset: begins - START };
  const { host: inner } = time.runtime;
  const host = { ...inner, now: () => inner.now() + wall.offset };
  Object.assign(time, { runtime: { ...time.runtime, host, turn: new Turn(host) } });
  return { time, wall };
}

/** A started bus whose schedule "job" publishes an event that one subscriber handles. */
export async function scheduled(
  when: When,
  options: ScheduleOptions = {},
  handle: (tidied: Tidied, delivery: Delivery<Tidied>) => unknown = () => undefined,
  begins: number = START,
) {
  const { time, wall } = settable(begins);
  const { bus, logged } = virtualBus({}, time);
  const ran: string[] = [];
  const ticks: Tick[] = [];
  bus.on(Tidied, { name: "tidies" }, (event, delivery) => {
    ran.push(event.missed === 0 ? event.due : `${event.due} +${event.missed}`);
    return handle(event, delivery);
  });
  const job = bus.schedule(
    "job",
    when,
    (tick) => {
      ticks.push(tick);
      return new Tidied({ due: clockOf(tick.due), missed: tick.missed });
    },
    options,
  );
  const skipped: string[] = [];
  bus.notices.on("schedule.skipped", ({ due, count, reason }) =>
    skipped.push(`${count} from ${clockOf(due)}: ${reason}`),
  );
  await bus.start();
  return { bus, time, wall, logged, ran, ticks, job, skipped };
}

/** A handler each of whose calls lasts until the test ends it. */
export function lasting() {
  const ends: ((error?: Error) => void)[] = [];
  const handle = (): Promise<void> => {
    const { promise, resolve, reject } = deferred();
    ends.push((error) => (error === undefined ? resolve() : reject(error)));
    return promise;
  };
  return { handle, ends };
}
