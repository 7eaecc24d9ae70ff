/** What marked methods do, whichever dialect of decorators marked them: one body for both. */
import { describe, expect, test } from "vitest";
import { type Delivery, StartError, type Tick } from "../../src/index.js";
import type { SubscriberClass } from "../../src/subscriber/subscriber-options.js";
import { virtualBus } from "../support/virtual.js";
import { clockOf, DAY, HOUR, MINUTE } from "./setup.js";

/** What the marked methods of a dialect write down. */
export const log: string[] = [];

export function noted(what: string, tick: Tick, delivery: Delivery<Tick>): void {
  log.push(`${what} ${clockOf(tick.due)} by ${delivery.subscription}, attempt ${delivery.attempt}`);
}

export interface MarkedClasses {
  /** `report` daily at 3 with a retry, `sweep` every 90 minutes and, by a second mark, at noon. */
  readonly Reports: SubscriberClass;
  /** Extends it: overrides `report` without a mark, and `sweep` with one of its own, every 2 hours. */
  readonly Special: SubscriberClass;
  readonly Wrong: SubscriberClass;
}

export function marksBehave(dialect: string, { Reports, Special, Wrong }: MarkedClasses): void {
  describe(`@Cron and @Every (${dialect})`, () => {
    test("a marked method runs at its times, as a subscription of its own", async () => {
      log.length = 0;
      const { bus, time } = virtualBus({ subscribers: [Reports] });
      await bus.start();
      expect([...bus.schedules.keys()]).toEqual(["Reports.report", "Reports.sweep", "Reports.sweep#2"]);
      expect([...bus.lanes.keys()]).toEqual([...bus.schedules.keys()]);
      await time.advance(3 * HOUR + MINUTE);
      expect(log).toEqual([
        "sweep 01:30 by Reports.sweep, attempt 1",
        "sweep 03:00 by Reports.sweep, attempt 1",
        "report 03:00 by Reports.report, attempt 1",
        "report 03:00 by Reports.report, attempt 2",
      ]);
      expect(bus.schedules.get("Reports.report")?.last?.outcome).toBe("deadLettered");
      expect((await bus.deadLetters.list()).map(({ subscription }) => subscription)).toEqual([
        "Reports.report",
      ]);
      expect(String(bus.describe())).toContain(
        "subscription Reports.report ← signalbox.tick in lane Reports.report",
      );
    });

    test("marks are inherited, and replaced where a method is marked again", async () => {
      const { bus } = virtualBus({ subscribers: [Special] });
      await bus.start();
      const next = Array.from(bus.schedules.values(), (each) => `${each.name} ${clockOf(each.next()[0]!)}`);
      expect(next).toEqual(["Special.report 03:00", "Special.sweep 02:00"]);
    });

    test("a removed schedule takes its subscription along", async () => {
      const { bus, time } = virtualBus({ subscribers: [Reports] });
      await bus.start();
      for (const schedule of bus.schedules.values()) schedule.remove();
      await time.advance(DAY);
      expect([bus.describe().subscriptions, bus.lanes.size]).toEqual([[], 0]);
    });

    test("what is wrong with marks is told by start(), all at once", async () => {
      const error = await virtualBus({ subscribers: [Wrong] })
        .bus.start()
        .catch((each: unknown) => each);
      expect(error).toBeInstanceOf(StartError);
      expect((error as StartError).faults.map((each) => each.replace(/ to be .*, got/, " …"))).toEqual([
        'Expected the expression of `@Cron Wrong.a` … `"0 3 * *"` (string).',
        'Expected `@Every Wrong.b.every` … `"soon"` (string).',
        "Unknown option `timezone` in `@Cron Wrong.c`. Did you mean `timeZone`?",
      ]);
    });
  });
}
