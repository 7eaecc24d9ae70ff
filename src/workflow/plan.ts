/** What a workflow looks like before it runs. */
export type Plan =
  | { readonly kind: "task"; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "chain"; readonly parts: readonly Plan[] }
  | {
      readonly kind: "group";
      readonly parts: readonly Plan[];
      readonly required: "all" | "any" | number;
      readonly concurrency: number | undefined;
      readonly finally: Plan | undefined;
    }
  | {
      readonly kind: "map";
      readonly of: Plan;
      readonly count: number;
      /** How many of them run at once, or one after the other. */
      readonly how: string | undefined;
    };

/** The plan in one line. */
export function titleOf(plan: Plan): string {
  switch (plan.kind) {
    case "task":
      return plan.name;
    case "function":
      return plan.name === "" ? "(function)" : `(${plan.name})`;
    case "chain":
      return "chain";
    case "map":
      return `${titleOf(plan.of)} × ${plan.count}${plan.how === undefined ? "" : `, ${plan.how}`}`;
    case "group":
      return groupTitle(plan);
  }
}

function groupTitle({ parts, required, concurrency }: Extract<Plan, { kind: "group" }>): string {
  const needs = typeof required === "number" ? `${required} required` : `${required} required`;
  const limit = concurrency === undefined ? "" : `, ${concurrency} at once`;
  return `group of ${parts.length}, ${needs}${limit}`;
}
