/** What schedules accept and refuse, checked by tsc in both dialects: tsconfig.json, and tsconfig.tc39.json through types.tc39.ts. */
import {
  type AnyEvent,
  type Bus,
  Cron,
  Delivery,
  done,
  Event,
  Every,
  On,
  type Outcome,
  type Receipt,
  type Schedule,
  type ScheduleOptions,
  type ScheduleRun,
  Tick,
} from "../../src/index.js";

class Tidied extends Event("test.tidied")<{ path: string }> {}
class Midnight extends Event("clock.midnight") {}

function same<A, B>(isSame: [A] extends [B] ? ([B] extends [A] ? true : false) : false): void {
  void isSame;
}

export class Accepted {
  @Cron("0 3 * * 1-5", { timeZone: "Europe/Berlin", missed: "once" })
  report(tick: Tick): void {
    same<typeof tick.due, Date>(true);
    same<typeof tick.missed, number>(true);
  }
  @Every("5m")
  async sweep(): Promise<void> {}
  @Cron("@daily")
  @Every(250, { overlap: "queue", retry: 3, lane: { concurrency: 1 }, missed: { all: "1d" } })
  both(_tick: Tick, delivery: Delivery<Tick>): Outcome {
    void delivery.event.schedule;
    return done();
  }
  @Cron("*/10 0 3 * * *")
  static seconds(_tick: { readonly due: Date }, _delivery: Delivery): void {}
  @Every("1h")
  anything(_event: unknown): number {
    return 1;
  }
  @Every("1h")
  event(event: AnyEvent): AnyEvent {
    return event;
  }
}

export class Refused {
  // @ts-expect-error another event
  @Cron("@daily")
  other(_event: Tidied): void {}
  // @ts-expect-error a handler gets the tick and its Delivery, nothing else
  @Every("5m")
  second(_tick: Tick, _id: string): void {}
  // @ts-expect-error a method, not a field
  @Every("5m")
  field = (): void => undefined;
  // @ts-expect-error four fields
  @Cron("0 3 * *")
  four(): void {}
  // @ts-expect-error no such word
  @Cron("@fortnightly")
  word(): void {}
  // @ts-expect-error no such unit
  @Every("5min")
  unit(): void {}
  // @ts-expect-error a misspelt option
  @Every("5m", { overlapp: "skip" })
  option(): void {}
  // @ts-expect-error ticks have no name to subscribe to
  @On(Tick)
  all(): void {}
}

export async function scheduling(bus: Bus): Promise<void> {
  const nightly = bus.schedule("nightly", "0 3 * * *", (tick) => new Tidied({ path: tick.schedule }), {
    overlap: "skip",
  });
  same<typeof nightly, Schedule>(true);
  same<ReturnType<typeof nightly.next>, readonly Date[]>(true);
  bus.schedule("often", { every: "5m" }, () => new Midnight(), { from: new Date(), until: undefined });
  const options: ScheduleOptions = { jitter: 5, lane: "mail" };
  bus.schedule("options", { every: 5 }, () => new Midnight(), options);
  same<Awaited<ReturnType<typeof nightly.runNow>>, Receipt>(true);
  same<typeof nightly.last, ScheduleRun | undefined>(true);
  same<typeof bus.schedules, ReadonlyMap<string, Schedule>>(true);
  // @ts-expect-error four fields
  bus.schedule("x", "0 3 * *", () => new Midnight());
  // @ts-expect-error a function of the tick
  bus.schedule("x", "@daily", new Midnight());
  // @ts-expect-error plain data are no event
  bus.schedule("x", "@daily", () => ({ path: "x" }));
  // @ts-expect-error a function answers at once
  bus.schedule("x", "@daily", async () => new Midnight());
  // @ts-expect-error no such word
  bus.schedule("x", "@daily", () => new Midnight(), { missed: "all" });
  // @ts-expect-error the bus makes ticks
  new Tick({ schedule: "x", due: new Date(), missed: 0 });
  // @ts-expect-error nobody gets all ticks
  bus.on(Tick, () => undefined);
  // @ts-expect-error schedules come by schedule()
  bus.schedules.set("x", nightly);
}
