/** How many slots an arrival rate needs, by the formula that A. K. Erlang found for telephone exchanges in 1917. */
import type { Rates } from "./load.js";

/** Above this share of busy slots, small variations make long queues. */
const UTILISATION_MAX = 0.8;
/* Beyond, waiting is no longer a matter of chance: the share alone decides. */
const ERLANG_MAX = 1_000;

/** The fewest slots with which an arrival waits `targetMs` at most on average, and of which a fifth is free. */
export function slotsNeeded({ arrivalsPerMs, serviceMs }: Rates, targetMs: number): number {
  const offered = arrivalsPerMs * serviceMs;
  const fewest = Math.max(1, Math.ceil(offered / UTILISATION_MAX - 1e-9));
  if (fewest > ERLANG_MAX) return fewest;
  let blocked = 1;
  for (let slots = 1; ; slots++) {
    blocked = (offered * blocked) / (slots + offered * blocked);
    if (slots >= fewest && waitMs(blocked, offered / slots, serviceMs / (slots - offered)) <= targetMs)
      return slots;
  }
}

/* Erlang's C, the chance to wait, from his B, the chance to be turned away; times how long those wait who do. */
function waitMs(blocked: number, utilisation: number, waitersMs: number): number {
  return (blocked / (1 - utilisation * (1 - blocked))) * waitersMs;
}
