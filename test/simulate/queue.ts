/** A lane on its own, held back and let go: who is taken next, and who gets a place, is known to the last one. */
import { Event, type Priority } from "../../src/index.js";
import { Bus } from "../../src/bus.js";
import type { Stage } from "../../src/testing/simulate/run.js";
import { Draw } from "./draw.js";

class Item extends Event("sim.item")<{ n: number }> {}

interface Asked {
  readonly n: number;
  readonly priority: Priority;
  readonly key: string | undefined;
}

const PRIORITIES: readonly Priority[] = [3, 0, 7];
/* Every sixteenth turn goes to the lowest that waits. */
const LOWEST_TURN = 16;

/**
 * A lane that pauses takes as many as it has places, makes as many wait as it may and refuses the rest; then it runs one
 * at a time, by priority, in order, keys in turns.
 */
export async function heldLane(stage: Stage): Promise<void> {
  const draw = new Draw(stage.tape);
  const isKeyed = draw.oneIn(2);
  const [capacity, waitingMax] = draw.oneIn(3) ? [1 + draw.below(6), draw.below(4)] : [40, 0];
  const options = { lanes: { lane: { concurrency: 1, capacity, waitingMax } } };
  const bus = new Bus({ options, runtime: stage.scheduler.runtime });
  stage.inspect(bus);
  const lane = bus.lanes.get("lane")!;
  const taken: number[] = [];
  bus.on(Item, { name: "s", lane: "lane" }, ({ n }) => void taken.push(n));
  await bus.start();
  lane.pause();
  const asked = Array.from({ length: 1 + draw.below(40) }, (_, n): Asked => {
    const key = isKeyed ? draw.pick([undefined, "a", "b", "c"]) : undefined;
    return { n, priority: capacity === 40 ? draw.pick(PRIORITIES) : 3, key };
  });
  let refused = 0;
  const publishes = asked.map(async ({ n, priority, key }) => {
    const published = bus.publish(new Item({ n }), { priority, key });
    await published.catch(() => refused++);
  });
  const [placed, waiting] = [
    Math.min(asked.length, capacity),
    Math.min(waitingMax, Math.max(0, asked.length - capacity)),
  ];
  const now = `${lane.waiting} wait, ${lane.waitingPublishes} publishes wait`;
  if (lane.waiting !== placed || lane.waitingPublishes !== waiting)
    stage.violate(
      "a lane has the places that it says",
      `${now}, of ${asked.length} in ${capacity} and ${waitingMax}`,
    );
  lane.resume();
  await Promise.all(publishes);
  await bus.idle();
  if (refused !== asked.length - placed - waiting)
    stage.violate("whom a lane has no place for it refuses", `${refused}`);
  const wanted = capacity === 40 ? inTurns(asked) : asked.slice(0, placed + waiting).map(({ n }) => n);
  if (capacity !== 40 && isKeyed) return;
  if (String(taken) !== String(wanted))
    stage.violate("whoever comes next is next", `${String(taken)}, not ${String(wanted)}`);
}

/* Rings by priority; of a key only the head stands in one. */
function inTurns(asked: readonly Asked[]): number[] {
  const rings = new Map<Priority, Asked[]>(PRIORITIES.map((priority) => [priority, []]));
  const behind = new Map<string, Asked[]>();
  for (const each of asked) {
    const queue = each.key === undefined ? undefined : behind.get(each.key);
    if (queue !== undefined) queue.push(each);
    else rings.get(each.priority)!.push(each);
    if (each.key !== undefined && queue === undefined) behind.set(each.key, []);
  }
  const order: number[] = [];
  for (let turn = 1; order.length < asked.length; turn++) {
    const filled = ([7, 3, 0] as const).filter((priority) => rings.get(priority)!.length > 0);
    const next = rings.get(filled.at(turn % LOWEST_TURN === 0 ? -1 : 0)!)!.shift()!;
    order.push(next.n);
    const head = next.key === undefined ? undefined : behind.get(next.key)?.shift();
    if (head !== undefined) rings.get(head.priority)!.push(head);
    else if (next.key !== undefined) behind.delete(next.key);
  }
  return order;
}

/** What is published before the start, and while a small lane is full, comes in the order of the publishes. */
export async function waitingLane(stage: Stage): Promise<void> {
  const draw = new Draw(stage.tape);
  const lane = { concurrency: 1, capacity: 1 + draw.below(3), waitingMax: 100 };
  const bus = new Bus({ options: {}, runtime: stage.scheduler.runtime });
  stage.inspect(bus);
  const taken: number[] = [];
  bus.on(Item, { name: "s", lane }, ({ n }) => void taken.push(n));
  const starts = draw.below(4);
  const publishes: Promise<unknown>[] = [];
  const count = 4 + draw.below(12);
  for (let n = 0; n < count; n++) {
    if (n === starts) await bus.start();
    publishes.push(bus.publish(new Item({ n })));
    if (draw.oneIn(3)) await stage.scheduler.point("goes on");
  }
  await Promise.all(publishes);
  await bus.idle();
  const wanted = Array.from({ length: count }, (_, n) => n);
  if (String(taken) !== String(wanted)) stage.violate("whoever comes first is first", String(taken));
}
