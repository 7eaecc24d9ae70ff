// The second server: a board for release announcements, somebody else's and not reliable. It refuses each
// announcement 0 to 3 times, as the seed says, and never shows one twice (it knows the idempotency key).
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listen, type Listening } from "./listen.js";
import type { Random } from "./random.js";

export interface Board extends Listening {
  /** The announcements on the board, by idempotency key. */
  readonly posts: ReadonlyMap<string, string>;
}

export async function openBoard(random: Random): Promise<Board> {
  const posts = new Map<string, string>();
  const refusals = new Map<string, number>();
  const listening = await listen(async (request, response) => {
    const key = String(request.headers["idempotency-key"]);
    const announcement = await text(request);
    const left = refusals.get(key) ?? Math.floor(random() * 4);
    refusals.set(key, left - 1);
    if (left > 0) return refuse(response, left);
    posts.set(key, announcement);
    response.writeHead(201).end();
  });
  return { ...listening, posts };
}

/** Sometimes an answer, sometimes none at all. */
function refuse(response: ServerResponse, left: number): void {
  if (left === 2) response.destroy();
  else response.writeHead(500).end("the board is down");
}
