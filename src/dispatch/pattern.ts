/** Patterns over event names, token by token: `*` is one token, `**` at the end is one or more. */

/** Reads a pattern; a `TypeError` says what is wrong with it. */
export function patternOf(pattern: string): (name: string) => boolean {
  const tokens = typeof pattern === "string" ? pattern.split(".") : [];
  const fault = faultOf(tokens);
  if (fault !== undefined)
    throw new TypeError(
      `Expected a pattern such as "shop.order.*", got ${JSON.stringify(pattern)}: ${fault}`,
    );
  const isOpen = tokens.at(-1) === "**";
  const fixed = isOpen ? tokens.slice(0, -1) : tokens;
  return (name) => matches(name.split("."), fixed, isOpen);
}

function matches(name: readonly string[], fixed: readonly string[], isOpen: boolean): boolean {
  if (isOpen ? name.length <= fixed.length : name.length !== fixed.length) return false;
  return fixed.every((token, index) => token === "*" || token === name[index]);
}

function faultOf(tokens: readonly string[]): string | undefined {
  if (tokens.length === 0) return "it is no text.";
  if (tokens.slice(0, -1).includes("**"))
    return "** stands for the end of a name and must be the last token.";
  const partly = tokens.find((token) => token.includes("*") && token !== "*" && token !== "**");
  if (partly !== undefined) return "* stands for one whole token.";
  return tokens.includes("") ? "a token is empty." : undefined;
}
