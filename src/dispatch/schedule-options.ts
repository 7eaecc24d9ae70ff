/** The options of schedules: one table for checks and reference, and what no table can say. */
import type { ScheduleOptions, When } from "../delivery/schedule.js";
import { subscriptionName } from "../event/names.js";
import {
  checkOptions,
  checkValue,
  didYouMean,
  either,
  duration,
  isObject,
  object,
  oneOf,
  type OptionTable,
  positiveDuration,
  rule,
  type Rule,
  show,
} from "../runtime/options.js";
import { type Calendar, isTimeZone } from "../schedule/calendar.js";
import { policyOptions } from "./policy-options.js";

const ZONE = `a time zone such as "Europe/Berlin"`;
const EXPRESSION =
  "a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly or @yearly";

const timeZone: Rule = {
  expects: ZONE,
  is: (value) => typeof value === "string",
  within: (path, value) => (isTimeZone(value) ? [] : [noZone(path, value as string)]),
};
const date = rule("a Date", (value) => value instanceof Date && !Number.isNaN(value.getTime()));

export const timingOptions: OptionTable = {
  timeZone: { ...timeZone, about: "The zone that a cron expression is read in.", default: "UTC" },
  overlap: {
    ...oneOf("skip", "queue", "cancelPrevious"),
    about: "What happens while the last run is not over.",
    default: "skip",
  },
  missed: {
    ...either(
      oneOf("skip", "once"),
      object({ all: { ...positiveDuration, about: "How old they may be.", required: true } }),
    ),
    about: "What becomes of times that nobody could keep.",
    default: "skip",
  },
  jitter: { ...duration, about: "How late a run may be, by chance.", default: "none" },
  from: { ...date, about: "The first moment that may be a time.", default: "the start of the bus" },
  until: { ...date, about: "There are no times from here on.", default: "never" },
  audience: {
    ...oneOf("one", "each"),
    about: "Where a store keeps it: one of the processes runs it, or every one.",
    default: "one",
  },
};

export const scheduleOptions: OptionTable = { ...policyOptions, ...timingOptions };

/* A function has its name already. */
const tickOptions: OptionTable = {
  ...scheduleOptions,
  name: { ...subscriptionName, about: "The last part of its name." },
};

/** Whether one of the options needs a subscription of its own. */
export function hasPolicies(options: ScheduleOptions): boolean {
  return Object.keys(policyOptions).some((name) => options[name as keyof ScheduleOptions] !== undefined);
}

/** Everything that is wrong with a schedule; `of` is "@Cron Reports.nightly", say. */
export function scheduleFaults(
  of: string,
  given: { readonly by?: string; readonly when: When; readonly options: ScheduleOptions },
  calendar: Calendar,
  now: number,
): string[] {
  const { when, options } = given;
  const faults = checkOptions(of, options, given.by === undefined ? scheduleOptions : tickOptions);
  if (!isObject(options as unknown)) return faults;
  const { timeZone: zone } = options;
  if (typeof when === "object") faults.push(...intervalFaults(of, when, zone));
  else faults.push(...expressionFaults(of, when, { calendar, now, zone }));
  if (isSpanEmpty(options)) faults.push(`Expected \`${of}.until\` to be later than \`from\`.`);
  return faults;
}

function intervalFaults(of: string, when: object | null, zone: string | undefined): string[] {
  const every: unknown = when !== null && "every" in when ? when.every : undefined;
  const faults = checkValue(`${of}.every`, every, positiveDuration);
  if (zone === undefined) return faults;
  return [...faults, `\`${of}\` has a \`timeZone\`, but intervals are the same everywhere. Leave it out.`];
}

function expressionFaults(
  of: string,
  expression: unknown,
  { calendar, now, zone }: { calendar: Calendar; now: number; zone: string | undefined },
): string[] {
  const why = calendar.faultOf(expression, zone !== undefined && isTimeZone(zone) ? zone : "UTC", now);
  if (why === undefined) return [];
  return [`Expected the expression of \`${of}\` to be ${EXPRESSION}, got ${show(expression)}. ${why}`.trim()];
}

function isSpanEmpty({ from, until }: ScheduleOptions): boolean {
  return date.is(from) && date.is(until) && from! >= until!;
}

function noZone(path: string, value: string): string {
  const hint = didYouMean(value, Intl.supportedValuesOf("timeZone"));
  return `Expected \`${path}\` to be ${ZONE}, got ${show(value)}.${hint}`;
}
