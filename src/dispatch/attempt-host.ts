/** What attempts need of their bus, taken from its facilities. */
import type { AttemptHost } from "./attempt.js";
import type { Facilities } from "./facilities.js";

/** The one host of all attempts of a bus. */
export function attemptHost(
  { bus, clock, runtime }: Facilities,
  publishFrom: AttemptHost["publishFrom"],
): AttemptHost {
  const { host, turn } = runtime;
  return {
    bus,
    clock,
    publishFrom,
    monotonic: () => host.monotonic(),
    moment: () => turn.moment(),
  };
}
