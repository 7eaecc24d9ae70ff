/** The ports through which time, chance and the order of things come in; production's are the host's own. */
import type { HandOver } from "./hand-over.js";
import type { Host } from "./host.js";
import { Turn } from "./turn.js";

/** What an engine runs on: one per bus, all production buses sharing the host and the turn of the process. */
export interface Runtime {
  readonly host: Host;
  readonly turn: Turn;
  /** Undefined in production: each hand-over is then a plain call. */
  readonly handOver: HandOver | undefined;
}

/* The longest delay that setTimeout takes; anything beyond fires at once. */
const TIMER_MAX = 2 ** 31 - 1;

const processHost: Host = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(run, ms) {
    const timer = setTimeout(run, Math.min(Math.ceil(ms), TIMER_MAX));
    return { cancel: () => clearTimeout(timer) };
  },
  macrotask: (run) => void setImmediate(run),
  random: Math.random,
  // The global, since node:crypto takes longer to load than all of Signalbox.
  idPrefix: () => Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url"),
};

const processTurn = new Turn(processHost);

/** The runtime of production: the host's clock and chance, and the one turn of the process. */
export const processRuntime: Runtime = { host: processHost, turn: processTurn, handOver: undefined };
