/** Prints any value for a message: short, on one line, and whatever the value does when it is looked at. */
import { inspect } from "node:util";

const LENGTH_MAX = 80;

/** The value and its type, as in `0` (number). Never throws and runs none of the value's own code that it can avoid. */
export function show(value: unknown): string {
  const text = `\`${oneLine(print(value))}\``;
  return value === null || value === undefined ? text : `${text} (${typeName(value)})`;
}

function print(value: unknown): string {
  try {
    return typeof value === "string" ? JSON.stringify(value.slice(0, LENGTH_MAX + 1)) : inspect(value, LOOK);
  } catch {
    return "a value that cannot be printed";
  }
}

const LOOK = {
  depth: 1,
  breakLength: Infinity,
  compact: true,
  customInspect: false,
  maxArrayLength: 5,
  maxStringLength: LENGTH_MAX,
};

function typeName(value: unknown): string {
  try {
    return Array.isArray(value) ? "array" : typeof value;
  } catch {
    return typeof value; // a revoked proxy
  }
}

function oneLine(text: string): string {
  const plain = text.replaceAll("`", "'").replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return plain.length > LENGTH_MAX ? `${plain.slice(0, LENGTH_MAX)}…` : plain;
}
