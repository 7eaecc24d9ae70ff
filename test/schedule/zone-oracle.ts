/**
 * The times of the day in a time zone, worked out from nothing but the offsets that Intl tells: what the calendar is compared
 * with. It knows no expressions and no croner.
 */

/** A stretch of time with one offset from UTC, in milliseconds; `until` is not in it. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
}

const DAY = 86_400_000;
const MINUTE = 60_000;

/** The stretches of a zone between two moments. A stretch of less than twelve hours would be overlooked. */
export function stretchesOf(timeZone: string, from: number, until: number): readonly Stretch[] {
  const offsetAt = offsetsOf(timeZone);
  const stretches: Stretch[] = [];
  let begun = from;
  for (let at = from; at < until; at += DAY / 2) {
    const next = Math.min(at + DAY / 2, until);
    if (offsetAt(at) === offsetAt(next)) continue;
    const change = firstOther(offsetAt, at, next);
    stretches.push({ from: begun, until: change, offset: offsetAt(at) });
    begun = change;
  }
  return [...stretches, { from: begun, until, offset: offsetAt(until - 1) }];
}

/**
 * When each of the minutes of the day is, once a day: the first of two, and where there is none, the end of the gap, unless that
 * is on another day.
 */
export function onceADay(stretches: readonly Stretch[], minutesOfDay: readonly number[]): readonly number[] {
  const moments = new Set<number>();
  const { from, offset } = stretches[0]!;
  const end = stretches.at(-1)!;
  for (let day = dayOf(from + offset) - DAY; day < end.until + end.offset + DAY; day += DAY)
    for (const minute of minutesOfDay) {
      const moment = momentOf(stretches, day + minute * MINUTE);
      if (moment !== undefined) moments.add(moment);
    }
  return [...moments].filter((moment) => moment > from && moment < end.until).sort((a, b) => a - b);
}

/** Every whole minute whose minute of the day is wanted, both times where it comes twice. */
export function eachTime(
  stretches: readonly Stretch[],
  isWanted: (minuteOfDay: number) => boolean,
): readonly number[] {
  return stretches.flatMap(({ from, until, offset }) => {
    const moments: number[] = [];
    for (let at = Math.ceil(from / MINUTE) * MINUTE; at < until; at += MINUTE)
      if (isWanted((at + offset - dayOf(at + offset)) / MINUTE)) moments.push(at);
    return moments;
  });
}

/* `local` is what the wall shows, as if it were UTC. */
function momentOf(stretches: readonly Stretch[], local: number): number | undefined {
  const shown = stretches.find(({ from, until, offset }) => local - offset >= from && local - offset < until);
  if (shown !== undefined) return local - shown.offset;
  const after = stretches.find(
    ({ from, offset }, index) =>
      index > 0 && local >= from + stretches[index - 1]!.offset && local < from + offset,
  );
  return after !== undefined && dayOf(after.from + after.offset) === dayOf(local) ? after.from : undefined;
}

function dayOf(local: number): number {
  return Math.floor(local / DAY) * DAY;
}

function firstOther(offsetAt: (at: number) => number, from: number, until: number): number {
  let [same, other] = [from, until];
  while (other - same > 1_000) {
    const middle = Math.floor((same + other) / 2_000) * 1_000;
    if (offsetAt(middle) === offsetAt(from)) same = middle;
    else other = middle;
  }
  return other;
}

function offsetsOf(timeZone: string): (at: number) => number {
  const numeric = { year: "numeric", month: "numeric", day: "numeric" } as const;
  const clock = { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone, ...numeric, ...clock });
  const known = new Map<number, number>();
  return (at) => {
    const found = known.get(at);
    if (found !== undefined) return found;
    const [month, day, year, hour, minute, second] = format.format(at).match(/\d+/g)!.map(Number);
    const offset = Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
    known.set(at, offset);
    return offset;
  };
}
