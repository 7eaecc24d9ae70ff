/** The order of a key: its head is in the lane's rings, running or waiting for a retry; the rest stands behind it. */
import type { KeyQueue, Queued } from "./queued.js";

/** Takes a delivery into the order of its key; answers whether it may go into the rings now. */
export function joinKey(queued: Queued, key: string): boolean {
  const queue = queued.keys.get(key);
  if (queue === undefined) {
    queued.keys.set(key, { head: queued, last: queued, entry: undefined });
    return true;
  }
  queue.last.behind = queued;
  queue.last = queued;
  return false;
}

/** Takes the head out of the order of its key; answers who goes into the rings next. */
export function leaveKey(queued: Queued, key: string): Queued | undefined {
  const queue = queued.keys.get(key);
  if (queue === undefined) return undefined;
  if (queue.head !== queued) {
    passOver(queue);
    return undefined;
  }
  const next = firstWaiting(queued.behind);
  queued.behind = undefined;
  queue.entry = undefined;
  if (next === undefined) queued.keys.delete(key);
  else queue.head = next;
  return next;
}

/** Puts the newcomer in the place of the last of its key, if that never started; answers whom it took it from. */
export function supersede(newcomer: Queued, key: string): Queued | undefined {
  const queue = newcomer.keys.get(key);
  const last = queue?.last;
  if (queue === undefined || last?.standing !== "waiting" || last.attempts > 0) return undefined;
  if (last === queue.head) {
    queue.entry ??= last;
    queue.entry.successor = queue.head = newcomer;
  } else ahead(last, queue.head).behind = newcomer;
  queue.last = newcomer;
  return last;
}

/* Mostly the head: only replays, which never supersede, stand one behind the other. */
function ahead(last: Queued, head: Queued): Queued {
  let at = head;
  while (at.behind !== undefined && at.behind !== last) at = at.behind;
  return at;
}

/* What ended right behind the head goes at once: under a flood of one key it would pile up behind a head that runs long. */
function passOver(queue: KeyQueue): void {
  const next = firstWaiting(queue.head.behind);
  queue.head.behind = next;
  if (next === undefined) queue.last = queue.head;
}

/* What ended further behind is passed over when its turn comes. */
function firstWaiting(queued: Queued | undefined): Queued | undefined {
  let next = queued;
  while (next !== undefined && next.standing === "ended") next = next.behind;
  return next;
}
