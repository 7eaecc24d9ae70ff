/**
 * The attributes of CloudEvents 1.0: their names, types and rules, and how an envelope is written in them.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
 */
import { EnvelopeError } from "../errors.js";
import { show } from "../runtime/options.js";
import { fromTimestamp, toTimestamp } from "./timestamp.js";

export type AttributeValue = string | number | boolean;
export type Attributes = ReadonlyMap<string, AttributeValue>;

const ADVICE = "Give what CloudEvents 1.0 asks for.";
const NAME = /^[a-z0-9]+$/;
// "data" is kept by the specification; the others would be found on every plain object of attributes.
const NAMES_RESERVED: ReadonlySet<string> = new Set(["data", "constructor", "prototype"]);
// What nearly every text is, and quicker to see than what it is not.
const PLAIN = /^[\x20-\x7e]*$/;
// Control characters, surrogates without their other half, noncharacters.
const NOT_IN_TEXT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
const URI_REFERENCE = /^(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/;
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[^"]*"))*\s*$/;

/** The attributes of the specification that have more rules than "a text that is not empty". */
const RULES: Readonly<Record<string, readonly [expects: string, is: (text: string) => boolean]>> = {
  specversion: ["1.0", (text) => text === "1.0"],
  source: ["a URI reference", (text) => URI_REFERENCE.test(text)],
  dataschema: ["an absolute URI", (text) => URI_REFERENCE.test(text) && ABSOLUTE.test(text)],
  datacontenttype: ["a media type", (text) => MEDIA_TYPE.test(text)],
  time: ["an RFC 3339 time", (text) => fromTimestamp(text) !== undefined],
};
const REQUIRED = ["specversion", "id", "source", "type"] as const;
const OF_THE_SPECIFICATION: ReadonlySet<string> = new Set([...REQUIRED, "subject", ...Object.keys(RULES)]);

/** Throws an `EnvelopeError` for the first attribute that breaks a rule. */
export function checkAttributes(attributes: Attributes): void {
  for (const name of REQUIRED) {
    if (!attributes.has(name)) throw new EnvelopeError(name, "the attribute is missing", ADVICE);
  }
  for (const [name, value] of attributes) checkAttribute(name, value);
}

/** Whether a key is what CloudEvents takes as the name of an attribute. */
export function checkName(name: string): void {
  if (NAME.test(name) && !NAMES_RESERVED.has(name)) return;
  const path = show(name);
  throw new EnvelopeError(path, "the name of an attribute is lower-case letters and digits", "Rename it.");
}

/** A text that has to be there. */
export function textOf(attributes: Attributes, name: string): string {
  return optionalTextOf(attributes, name) ?? expected(name, "a text", undefined);
}

export function optionalTextOf(attributes: Attributes, name: string): string | undefined {
  const value = attributes.get(name);
  return value === undefined || typeof value === "string" ? value : String(value);
}

/** An integer within bounds, native or written as text; the default where it is absent. */
export function integerOf(
  attributes: Attributes,
  name: string,
  bounds: { readonly least: number; readonly most: number; readonly default: number },
): number {
  const value = attributes.get(name);
  if (value === undefined) return bounds.default;
  const number = typeof value === "string" && /^-?(?:0|[1-9]\d*)$/.test(value) ? Number(value) : value;
  if (
    typeof number === "number" &&
    Number.isInteger(number) &&
    number >= bounds.least &&
    number <= bounds.most
  ) {
    return number;
  }
  return expected(name, `an integer from ${bounds.least} to ${bounds.most}`, value);
}

/** The milliseconds of a time, `undefined` where it is absent. */
export function timeOf(attributes: Attributes, name: string): number | undefined {
  const value = attributes.get(name);
  if (value === undefined) return undefined;
  return (
    (typeof value === "string" ? fromTimestamp(value) : undefined) ??
    expected(name, "an RFC 3339 time", value)
  );
}

/** Milliseconds as the text of a time. */
export function timeText(name: string, milliseconds: number): string {
  const text = typeof milliseconds === "number" ? toTimestamp(milliseconds) : undefined;
  return text ?? expected(name, "a time in the years 0 to 9999", milliseconds);
}

function checkAttribute(name: string, value: AttributeValue): void {
  checkName(name);
  if (!isAttributeValue(value)) expected(name, "a text, an integer or a boolean", value);
  if (typeof value === "string" && !PLAIN.test(value) && NOT_IN_TEXT.test(value)) {
    expected(name, "a text without control characters, lone surrogates and noncharacters", value);
  }
  if (typeof value === "number" && (value | 0) !== value) expected(name, "an integer of 32 bits", value);
  if (!OF_THE_SPECIFICATION.has(name)) return;
  if (typeof value !== "string" || value === "") return expected(name, "a text that is not empty", value);
  const rule = RULES[name];
  if (rule?.[1](value) === false) expected(name, rule[0], value);
}

/** Whether a value is of a type that attributes have; the texts stand for the other types of the specification. */
export function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function expected(name: string, expects: string, value: unknown): never {
  throw new EnvelopeError(name, `expected ${expects}, got ${show(value)}`, ADVICE);
}
