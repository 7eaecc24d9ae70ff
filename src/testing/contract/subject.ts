/** What is put to the proof: a transport by its name, the factory of its clients, and what it declares. */
import type { Awaitable, Features, Transport } from "../../transport/transport.js";
import type { Hooks } from "./hooks.js";
import type { Place } from "./place.js";

/** Makes a client, not opened yet. Called again with the same place, another client of the same store. */
export type TransportFactory = (place: Place) => Awaitable<Transport>;

/** The features of the port, as the transport declares them, and what the kit has to know beside them. */
export interface ContractFeatures extends Features, Hooks {
  /** Virtual: the transport takes all its time from `place.runtime`, and no case waits. Defaults to `"real"`. */
  readonly time?: "virtual" | "real" | undefined;
  /**
   * Whether a client takes its timers from `place.runtime` though time is real, so that it can fall silent. Defaults to
   * `false`; under virtual time it always does.
   */
  readonly sleeps?: boolean | undefined;
  /** Whether there is a connection that can break. Defaults to `false`. */
  readonly network?: boolean | undefined;
  /** Messages of the flood (M57). Defaults to 100,000. */
  readonly flood?: number | undefined;
  /** Milliseconds that a case may take before it is stopped and told what it waits for. Defaults to 10,000. */
  readonly guardMs?: number | undefined;
}

export interface Subject {
  readonly name: string;
  readonly create: TransportFactory;
  readonly features: ContractFeatures;
}
