/**
 * Whether anything but the bus's clock could still make a handler go on: exact, by what the event loop waits for. Beyond
 * what it waited for while the bus was idle, that is the work of handlers: a file, a request, a timer of their own.
 */
import { hasUnlistedWork, unlistedWork, workOfLoop } from "../runtime/event-loop.js";

/* They run in the next turn; what was one before is not one now. */
const PASSING = "Immediate";
/* Requests, which are told apart one by one. */
const UNLISTED = /Req|Job/;
/* A connection that was open before may bring an answer to what a handler has just asked. */
const MAY_ANSWER = /^(TCPSocketWrap|TLSWrap)$/;
/* So long an answer on such a connection is waited for, in milliseconds of real time. */
const ANSWER_MS = 100;

export class EventLoopWatch {
  #usual: ReadonlyMap<string, number> = usual();
  /* One by one: what another test has left under way may end, or never. */
  #unlisted: ReadonlySet<number> = unlistedWork();

  /** The bus is idle: what the loop waits for now is not the work of its handlers. */
  noteIdle(): void {
    this.#usual = usual();
    this.#unlisted = unlistedWork();
  }

  /** Whether nothing is left that could call back; `sinceMs` is for how long it has looked like that. */
  isQuiet(sinceMs: number): boolean {
    if (hasUnlistedWork(this.#unlisted)) return false;
    for (const [kind, count] of workOfLoop()) {
      if (UNLISTED.test(kind)) continue;
      if (count > (this.#usual.get(kind) ?? 0)) return false;
      if (MAY_ANSWER.test(kind) && sinceMs < ANSWER_MS) return false;
    }
    return true;
  }
}

function usual(): ReadonlyMap<string, number> {
  return new Map([...workOfLoop()].filter(([kind]) => kind !== PASSING));
}
