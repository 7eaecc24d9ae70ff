/** Draws a plan: as an indented list, or as a graph in the languages of Mermaid and Graphviz. */
import { graphOf } from "./graph.js";
import { type Plan, titleOf } from "./plan.js";

export type Form = "text" | "mermaid" | "dot";

export function draw(plan: Plan, form: Form): string {
  if (form === "text") return list(plan, "").join("\n");
  if (form === "mermaid") return mermaid(plan);
  if (form === "dot") return dot(plan);
  throw new TypeError(
    `Expected the form of describe() to be "text", "mermaid" or "dot", got ${JSON.stringify(form)}.`,
  );
}

const LISTED_MAX = 20;

function list(plan: Plan, indent: string): string[] {
  const deeper = `${indent}  `;
  if (plan.kind !== "chain" && plan.kind !== "group") return [indent + titleOf(plan)];
  const shown = plan.parts.slice(0, LISTED_MAX);
  const more = plan.parts.length - shown.length;
  const last = plan.kind === "group" ? plan.finally : undefined;
  return [
    indent + titleOf(plan),
    ...shown.flatMap((part, index) =>
      marked(list(part, deeper), deeper, plan.kind === "chain" ? index + 1 : 0),
    ),
    ...(more > 0 ? [`${deeper}- and ${more} more`] : []),
    ...(last === undefined ? [] : [`${deeper}finally ${titleOf(last)}`]),
  ];
}

/* A number where order counts, a dash where it does not. */
function marked([first = "", ...rest]: readonly string[], indent: string, number: number): string[] {
  return [`${indent}${number > 0 ? `${number}.` : "-"} ${first.trimStart()}`, ...rest];
}

function mermaid(plan: Plan): string {
  const { nodes, edges } = graphOf(plan);
  return [
    "flowchart TD",
    ...nodes.map(({ id, label, isFork }) => {
      const text = `"${label.replaceAll('"', "#quot;")}"`;
      return `  ${id}${isFork ? `{{${text}}}` : `[${text}]`}`;
    }),
    ...edges.map(([from, to]) => `  ${from} --> ${to}`),
  ].join("\n");
}

function dot(plan: Plan): string {
  const { nodes, edges } = graphOf(plan);
  return [
    "digraph work {",
    ...nodes.map(({ id, label, isFork }) => {
      const text = label.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
      return `  ${id} [label="${text}", shape=${isFork ? "hexagon" : "box"}];`;
    }),
    ...edges.map(([from, to]) => `  ${from} -> ${to};`),
    "}",
  ].join("\n");
}
