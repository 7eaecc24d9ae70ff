/** The times of cron expressions in time zones, as croner calculates them. Its timers and its clock are not used. */
import { Cron, type CronOptions } from "croner";

/** An expression in a zone. */
export interface CronTimes {
  readonly expression: string;
  readonly timeZone: string;
}

interface Parsed {
  readonly cron: Cron;
  /** The latest question and its answer: schedules with one expression tend to ask the same. */
  after: number;
  next: number | undefined;
}

/* croner keeps 85 kB for each, and makes one in a tenth of a millisecond. */
const PARSED_MAX = 8;
const NICKNAMES = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"];

export class Calendar {
  readonly #parsed = new Map<string, Parsed>();

  /** The first time after a moment; undefined where there is none. */
  next(times: CronTimes, after: number): number | undefined {
    const parsed = this.#parsedOf(times);
    if (parsed.after !== after) {
      parsed.next = parsed.cron.nextRun(new Date(after))?.getTime();
      parsed.after = after;
    }
    return parsed.next;
  }

  /** The last time that is not after a moment. */
  latest(times: CronTimes, now: number): number | undefined {
    return this.#parsedOf(times)
      .cron.previousRuns(1, new Date(now + 1))[0]
      ?.getTime();
  }

  /** What is wrong with an expression, in croner's words; "" where there are none. The zone must be one. */
  faultOf(expression: unknown, timeZone: string, now: number): string | undefined {
    if (typeof expression !== "string" || !isShaped(expression)) return "";
    try {
      const next = this.next({ expression, timeZone }, now);
      return next === undefined ? "No date has such a time." : undefined;
    } catch (error) {
      return (error as Error).message.replace(/^CronPattern: (\w)/, (_, letter: string) =>
        letter.toUpperCase(),
      );
    }
  }

  /* The one that was asked for longest ago makes room. */
  #parsedOf({ expression, timeZone }: CronTimes): Parsed {
    const key = `${timeZone} ${expression}`;
    const known = this.#parsed.get(key);
    if (known !== undefined && this.#parsed.size < PARSED_MAX) return known;
    const parsed = known ?? { cron: new Cron(expression, optionsOf(timeZone)), after: NaN, next: undefined };
    this.#parsed.delete(key);
    this.#parsed.set(key, parsed);
    if (this.#parsed.size > PARSED_MAX) this.#parsed.delete(this.#parsed.keys().next().value!);
    return parsed;
  }
}

/** Whether it is the name of a time zone. */
export function isTimeZone(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

/* croner takes dates too, seven fields, and more nicknames than the types say. */
function isShaped(expression: string): boolean {
  const fields = expression.trim().split(/\s+/).length;
  return fields === 5 || fields === 6 || NICKNAMES.includes(expression);
}

/* A list or range of hours names times of the day as a single one does: each runs once a day. */
function optionsOf(timeZone: string): CronOptions {
  return { timezone: timeZone, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard", paused: true };
}
