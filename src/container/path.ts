/** How a path of tokens is written in a fault: `OrderMails → Mailer → "db"`. */
import { toError } from "../errors.js";
import type { Token } from "./container.js";

/** A class by its name, a string in quotes, a symbol as it prints. */
export function tokenName(token: Token): string {
  if (typeof token === "function") return token.name === "" ? "(a class without a name)" : token.name;
  return typeof token === "string" ? `"${token}"` : String(token);
}

/** The tokens joined by arrows. */
export function pathOf(tokens: readonly Token[]): string {
  return tokens.map(tokenName).join(" → ");
}

/** One line: the path, then what the error says, without repeating a path that the error already begins with. */
export function faultOf(path: readonly Token[], error: unknown): string {
  const says = toError(error)
    .message.replaceAll(/\s*\n\s*/g, " ")
    .trim();
  const last = tokenName(path.at(-1) ?? "");
  const goesOn = says.startsWith(`${last}: `) || says.startsWith(`${last} → `);
  if (!goesOn) return `${pathOf(path)}: ${says}`;
  return path.length === 1 ? says : `${pathOf(path.slice(0, -1))} → ${says}`;
}
