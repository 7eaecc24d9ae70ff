/** What a schema says about data, as part of a sentence. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

/** The first five issues with their paths, without a full stop. */
export function issuesIn(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, 5).map((issue) => `${pathOf(issue)}${issue.message}`);
  if (issues.length > shown.length) shown.push(`and ${issues.length - shown.length} more`);
  return shown.join("; ").replace(/\.$/, "");
}

function pathOf({ path }: StandardSchemaV1.Issue): string {
  if (path === undefined || path.length === 0) return "";
  return `${path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")}: `;
}
