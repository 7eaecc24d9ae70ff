/** The health of a bus: alive, ready, and why not. */
import type { Facilities } from "./facilities.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Registry } from "./registry.js";

export interface Health {
  /** `false` only when the bus is closed: restarting the process would help. */
  readonly live: boolean;
  /** Whether it takes and handles events as it should; `reasons` say what is wrong. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

const RECENT_MS = 60_000;
const RECENT_MAX = 10;

export function reasonsOf(
  facilities: Facilities,
  registry: Registry,
  carriages: readonly PortCarriage[],
): string[] {
  const reasons: string[] = [];
  for (const lane of registry.lanes.values()) {
    for (const ticket of lane.runningNow())
      if (ticket.attempt?.isStuck === true) reasons.push(`lane ${lane.name}: ${ticket.route.name} is stuck`);
    if (lane.isBroken) reasons.push(`lane ${lane.name}: its breaker is open`);
    if (lane.waitingPublishes > 0) reasons.push(`lane ${lane.name} is full`);
  }
  for (const carriage of carriages)
    if (carriage.state === "down") reasons.push(`transport ${carriage.name} is down`);
  const recent = facilities.deadLetters.since(facilities.runtime.host.now() - RECENT_MS);
  if (recent > RECENT_MAX) reasons.push(`${recent} dead letters within a minute`);
  return reasons;
}
