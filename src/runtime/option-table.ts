/** Options tables: what each option may be, told once, for the checks and for the reference page. */
import { didYouMean } from "./did-you-mean.js";
import { show } from "./show.js";

/** What a value may be. */
export interface Rule {
  /** Ends the sentence "Expected `path` to be …". */
  readonly expects: string;
  readonly is: (value: unknown) => boolean;
  /** All faults inside a value that `is` accepts: of an object's options, of a list's items. */
  readonly within?: (path: string, value: unknown) => string[];
  /** The options of an object, for the reference page. */
  readonly table?: OptionTable;
}

/** One option: its rule, a sentence about it, its default. */
export interface Option extends Rule {
  readonly about: string;
  /** What stands in for an absent option, or words about it where it depends on others. */
  readonly default?: unknown;
  readonly required?: boolean;
}

/** All options of one thing, by name. */
export type OptionTable = Readonly<Record<string, Option>>;

/** All faults of an options object, one sentence each; `undefined` counts as absent. */
export function checkOptions(path: string, value: unknown, table: OptionTable): string[] {
  if (!isObject(value)) return [expected(path, "an object of options", value)];
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(table, name));
  return [
    ...unknown.map((name) => unknownOption(path, name, table)),
    ...Object.entries(table).flatMap(([name, option]) => checkOption(`${path}.${name}`, value[name], option)),
  ];
}

/** All faults of one value, where there is no object around it. */
export function checkValue(path: string, value: unknown, rule: Rule): string[] {
  if (!rule.is(value)) return [expected(path, rule.expects, value)];
  return rule.within?.(path, value) ?? [];
}

/** Throws one `TypeError` that lists every fault; does nothing when there is none. */
export function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new TypeError(faults.join("\n"));
}

function checkOption(path: string, value: unknown, option: Option): string[] {
  if (value === undefined) return option.required === true ? [expected(path, option.expects, value)] : [];
  return checkValue(path, value, option);
}

function expected(path: string, expects: string, value: unknown): string {
  return `Expected \`${path}\` to be ${expects}, got ${show(value)}.`;
}

function unknownOption(path: string, name: string, table: OptionTable): string {
  const known = Object.keys(table);
  const hint = didYouMean(name, known) || ` It takes ${known.map((each) => `\`${each}\``).join(", ")}.`;
  return `Unknown option \`${name}\` in \`${path}\`.${hint}`;
}

/** Whether the value is an object that can hold options: not null, not an array, not a function. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
