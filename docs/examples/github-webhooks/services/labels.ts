// Suggests labels for an issue from its words. It takes a moment, and not the same one for every issue.
import { setTimeout as sleep } from "node:timers/promises";

const WORDS: readonly (readonly [label: string, words: RegExp])[] = [
  ["documentation", /readme|docs?\b|spelling/i],
  ["bug", /error|crash|broken|fail/i],
  ["dependencies", /package\.json|upgrade|bump/i],
  ["question", /\?\s*$/],
];

export class Labels {
  async suggest(
    issue: { title: string; body?: string | null },
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const text = `${issue.title}\n${issue.body ?? ""}`;
    await sleep(1 + (text.length % 5), undefined, { signal });
    const labels = WORDS.filter(([, words]) => words.test(text)).map(([label]) => label);
    return labels.length > 0 ? labels : ["needs-triage"];
  }
}
