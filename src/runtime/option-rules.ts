/** The rules that options tables are made of: `{ ...integerFrom(1), about: "…", default: 10 }`. */
import { DURATION_EXPECTED, isDuration, toMs } from "./duration.js";
import { checkOptions, checkValue, isObject, type OptionTable, type Rule } from "./option-table.js";

/** A rule of its own words. */
export function rule(expects: string, is: (value: unknown) => boolean): Rule {
  return { expects, is };
}

export const boolean: Rule = rule("true or false", (value) => typeof value === "boolean");
export const string: Rule = rule(
  "a text that is not empty",
  (value) => typeof value === "string" && value !== "",
);
export const func: Rule = rule("a function", (value) => typeof value === "function");
export const duration: Rule = rule(DURATION_EXPECTED, isDuration);
export const positiveDuration: Rule = rule(
  `${DURATION_EXPECTED}, above zero`,
  (value) => isDuration(value) && toMs(value, "") > 0,
);

/** An integer from `least` up, or up to `most`. */
export function integerFrom(least: number, most: number = Number.MAX_SAFE_INTEGER): Rule {
  const bounds = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`;
  const is = (value: unknown): boolean => Number.isSafeInteger(value) && within(value as number, least, most);
  return rule(`an integer from ${bounds}`, is);
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** One of the values named. */
export function oneOf(...values: readonly (string | number | boolean)[]): Rule {
  return rule(inWords(values.map((value) => JSON.stringify(value))), (value) =>
    values.includes(value as string),
  );
}

/** An instance of a class. */
export function instanceOf(type: abstract new (...args: never[]) => object, expects: string): Rule {
  return rule(expects, (value) => value instanceof type);
}

/** An array, each item of which keeps the rule. */
export function listOf(item: Rule): Rule {
  const each = (path: string, value: unknown): string[] =>
    (value as readonly unknown[]).flatMap((entry, index) => checkValue(`${path}[${index}]`, entry, item));
  return {
    expects: `an array of which each item is ${item.expects}`,
    is: (value) => Array.isArray(value),
    within: each,
  };
}

/** An object of any names, each value of which keeps the rule. */
export function record(entry: Rule): Rule {
  const each = (path: string, value: unknown): string[] =>
    Object.entries(value as object)
      .filter(([, item]) => item !== undefined)
      .flatMap(([name, item]) => checkValue(`${path}.${name}`, item, entry));
  return { expects: `an object of which each value is ${entry.expects}`, is: isObject, within: each };
}

/** An object with the options of a table. */
export function object(table: OptionTable): Rule {
  const names = Object.keys(table).join(", ");
  return {
    expects: `an object { ${names} }`,
    is: isObject,
    within: (path, value) => checkOptions(path, value, table),
    table,
  };
}

/** Whatever one of the rules accepts; faults within it are those of the first that does. */
export function either(...rules: readonly Rule[]): Rule {
  const taker = (value: unknown): Rule | undefined => rules.find((each) => each.is(value));
  const table = rules.find((each) => each.table !== undefined)?.table;
  return {
    expects: inWords(rules.map((each) => each.expects)),
    is: (value) => taker(value) !== undefined,
    within: (path, value) => taker(value)?.within?.(path, value) ?? [],
    ...(table === undefined ? {} : { table }),
  };
}

function inWords(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} or ${parts.at(-1)}`;
}
