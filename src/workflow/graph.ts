/** A plan as nodes and arrows: a group has a node where it divides and one where it joins. */
import { type Plan, titleOf } from "./plan.js";

export interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export interface Node {
  readonly id: string;
  readonly label: string;
  /** Work divides or joins here, and none is done. */
  readonly isFork: boolean;
}

/** Where a part of the graph is entered and left. */
interface Ends {
  readonly first: string;
  readonly last: string;
}

const DRAWN_MAX = 20;

export function graphOf(plan: Plan): Graph {
  const drawing = new Drawing();
  drawing.add(plan);
  return drawing;
}

class Drawing implements Graph {
  readonly nodes: Node[] = [];
  readonly edges: [string, string][] = [];

  add(plan: Plan): Ends {
    if (plan.kind === "chain") return this.#chain(plan.parts);
    if (plan.kind === "group") return this.#group(plan);
    const only = this.#node(titleOf(plan), false);
    return { first: only, last: only };
  }

  #chain(parts: readonly Plan[]): Ends {
    const ends = parts.map((part) => this.add(part));
    for (const [index, { first }] of ends.entries())
      if (index > 0) this.edges.push([ends[index - 1]!.last, first]);
    return { first: ends[0]!.first, last: ends.at(-1)!.last };
  }

  #group(plan: Extract<Plan, { kind: "group" }>): Ends {
    const first = this.#node(titleOf(plan), true);
    const ends = plan.parts.slice(0, DRAWN_MAX).map((part) => this.add(part));
    const more = plan.parts.length - ends.length;
    if (more > 0) ends.push(this.#single(`and ${more} more`));
    const join = this.#node("all have ended", true);
    if (ends.length === 0) this.edges.push([first, join]);
    for (const each of ends) this.edges.push([first, each.first], [each.last, join]);
    if (plan.finally === undefined) return { first, last: join };
    const last = this.#node(`finally ${titleOf(plan.finally)}`, false);
    this.edges.push([join, last]);
    return { first, last };
  }

  #single(label: string): Ends {
    const only = this.#node(label, false);
    return { first: only, last: only };
  }

  #node(label: string, isFork: boolean): string {
    const id = `n${this.nodes.length + 1}`;
    this.nodes.push({ id, label, isFork });
    return id;
  }
}
