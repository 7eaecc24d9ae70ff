// Suggests labels for an issue from its words. It takes a moment, sometimes more, sometimes less.
import { setTimeout as sleep } from "node:timers/promises";

const WORDS: readonly (readonly [label: string, words: RegExp])[] = [
  ["documentation", /readme|docs?\b|spelling/i],
  ["bug", /error|crash|broken|fail/i],
  ["dependencies", /package\.json|upgrade|bump/i],
  ["question", /\?\s*$/],
];

export class Labels {
  #asked = 0;

  async suggest(
    issue: { title: string; body?: string | null },
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const text = `${issue.title}\n${issue.body ?? ""}`;
    await sleep((this.#asked++ * 5) % 8, undefined, { signal });
    const labels = WORDS.filter(([, words]) => words.test(text)).map(([label]) => label);
    return labels.length > 0 ? labels : ["needs-triage"];
  }
}
