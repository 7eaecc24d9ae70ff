/**
 * Who waits for whom: one graph of lanes per process, looked at only when a lane is full. A publish that waits inside a
 * delivery is an edge from the lane of that delivery to the full one; a wait that would close a circle could never end.
 */

/** A lane as the graph sees it. */
export interface WaitNode {
  readonly name: string;
}

const edges = new Map<WaitNode, Map<WaitNode, number>>();

/** The names on the circle that a wait of `from` for `to` would close, in the order of waiting, or undefined. */
export function circleOf(from: WaitNode, to: WaitNode): readonly string[] | undefined {
  const cameFrom = new Map<WaitNode, WaitNode | undefined>([[to, undefined]]);
  for (const node of cameFrom.keys()) {
    if (node === from) return [from.name, ...namesTo(node, cameFrom)];
    for (const next of edges.get(node)?.keys() ?? []) if (!cameFrom.has(next)) cameFrom.set(next, node);
  }
  return undefined;
}

/** Records a wait; the answer ends it. */
export function waitFor(from: WaitNode, to: WaitNode): () => void {
  const targets = edges.get(from) ?? new Map<WaitNode, number>();
  edges.set(from, targets);
  targets.set(to, (targets.get(to) ?? 0) + 1);
  return () => endWait(from, to, targets);
}

/** How many waits there are now, in all buses. */
export function waits(): number {
  let count = 0;
  for (const targets of edges.values()) for (const times of targets.values()) count += times;
  return count;
}

function endWait(from: WaitNode, to: WaitNode, targets: Map<WaitNode, number>): void {
  const times = (targets.get(to) ?? 0) - 1;
  if (times > 0) return void targets.set(to, times);
  targets.delete(to);
  if (targets.size === 0) edges.delete(from);
}

/* The way that the search took, from the awaited lane to the waiting one. */
function namesTo(node: WaitNode, cameFrom: ReadonlyMap<WaitNode, WaitNode | undefined>): string[] {
  const names: string[] = [];
  for (let at: WaitNode | undefined = node; at !== undefined; at = cameFrom.get(at)) names.unshift(at.name);
  return names;
}
