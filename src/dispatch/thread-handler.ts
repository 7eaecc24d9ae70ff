/** Calls a handler on a worker thread of its lane: the event goes there as a copy, its answer or error comes back. */
import type { Handler } from "../delivery/delivery.js";
import type { AnyEvent } from "../event/event.js";
import { definitionOf } from "../event/definition.js";
import { toError } from "../errors.js";
import type { BoundedLane } from "../lane/lane.js";
import type { Queued } from "../lane/queued.js";
import type { Threads } from "../lane/threads.js";
import type { Route } from "./route.js";
import { type ThreadAnswer, type ThreadTask, unpacked } from "./thread-messages.js";

const ENTRY = new URL("./thread-entry.js", import.meta.url);

export function threadHandler({ name }: Route, threads: Threads): Handler<AnyEvent> {
  return async (event, delivery) => {
    const { eventId, attempt, deliveries, deadline, key, headers, cause, signal } = delivery;
    const task: ThreadTask = {
      module: threads.module,
      subscription: name,
      event: definitionOf(event).name,
      data: { ...event },
      facts: { eventId, attempt, deliveries, deadline, key, headers: { ...headers }, cause },
    };
    try {
      return unpacked((await threads.run(ENTRY, task, signal)) as ThreadAnswer);
    } catch (error) {
      throw signal.aborted ? signal.reason : error; // who ended the thread knows why
    }
  };
}

/** Lanes whose threads cannot be had. */
export async function threadFaults(lanes: Iterable<BoundedLane<Queued>>): Promise<string[]> {
  const faults: string[] = [];
  for (const { name, threads } of lanes)
    await threads?.load().catch((error: unknown) => {
      const why = toError(error).message;
      faults.push(
        `Lane ${name} runs on worker threads, and piscina could not be loaded (${why}). Install it: npm install piscina`,
      );
    });
  return faults;
}

/** Why a subscription cannot run on the threads that its lane asks for. */
export function unmovable({ name, lane, subscription: { owner } }: Route): string[] {
  if (lane.threads === undefined) return [];
  const says = `${name} is in lane ${lane.name}, which runs on worker threads`;
  if (owner === undefined)
    return [
      `${says}, and a function cannot be sent there. Write a subscriber class that its \`worker\` module exports.`,
    ];
  if (!owner.isStatic && owner.target.length > 0)
    return [
      `${says}, where there is no container. Give ${owner.target.name} a constructor without parameters.`,
    ];
  return [];
}
