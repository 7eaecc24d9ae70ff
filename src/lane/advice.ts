/** What a lane's numbers come to, in a sentence. */
import type { Rates } from "./load.js";
import { slotsNeeded } from "./slots-needed.js";

/* What people take for "at once". */
const TARGET_DEFAULT_MS = 250;

export interface Advised {
  readonly rates: Rates;
  readonly concurrency: number;
  /** How long a delivery may wait here, where anybody has said it. */
  readonly targetMs: number | undefined;
  /** Starts per millisecond that the rate allows, all keys together. */
  readonly startsPerMsMax: number;
}

/** Undefined while nothing that arrived has ended. */
export function adviceOf({ rates, concurrency, targetMs, startsPerMsMax }: Advised): string | undefined {
  const { arrivalsPerMs, serviceMs } = rates;
  if (arrivalsPerMs === 0 || serviceMs === 0) return undefined;
  if (arrivalsPerMs > startsPerMsMax)
    return `its rate lets ${perSecond(startsPerMsMax)} start, and ${perSecond(arrivalsPerMs)} arrive: no number of slots helps`;
  const target = targetMs ?? TARGET_DEFAULT_MS;
  const slots = slotsNeeded(rates, target);
  return `needs ${slots} ${slots === 1 ? "slot" : "slots"} for ${Math.round(target)} ms at this rate, has ${concurrency}`;
}

function perSecond(perMs: number): string {
  return `${Number((perMs * 1_000).toPrecision(3))} a second`;
}
