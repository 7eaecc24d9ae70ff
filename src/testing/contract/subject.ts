/** What is put to the proof: a transport by its name, the factory of its clients, and what it declares. */
import type { Runtime } from "../../runtime/runtime.js";
import type { Awaitable, Features, Transport } from "../../transport/transport.js";

/** Where the transport of one case lives. */
export interface Place {
  /** Unique per case: what a store keeps its tables, streams or files apart by. `[a-z0-9_-]`, at most 40 characters. */
  readonly id: string;
  /** Where the transport gets its time and chance from; virtual where the subject declares virtual time. */
  readonly runtime: Runtime;
}

/** Makes a client, not opened yet. Called again with the same place, another client of the same store. */
export type TransportFactory = (place: Place) => Awaitable<Transport>;

/** The features of the port, as the transport declares them, and what the kit has to know beside them. */
export interface ContractFeatures extends Features {
  /** Virtual: the transport takes all its time from `place.runtime`, and no case waits. Defaults to `"real"`. */
  readonly time?: "virtual" | "real" | undefined;
  /** Whether there is a connection that can break. Defaults to `false`. */
  readonly network?: boolean | undefined;
  /** Messages of the flood (M57). Defaults to 100,000. */
  readonly flood?: number | undefined;
  /** Begins a transaction of the application on the store of a place, where `transactions` says that one can be joined. */
  readonly begin?: ((place: Place) => Awaitable<OpenTransaction>) | undefined;
  /** Milliseconds that a case may take before it is stopped and told what it waits for. Defaults to 10,000. */
  readonly guardMs?: number | undefined;
}

/** A transaction of the application, on a connection of its own. */
export interface OpenTransaction {
  /** What `send` and `settle` get as `transaction`. */
  readonly transaction: unknown;
  commit(): Awaitable<void>;
  rollBack(): Awaitable<void>;
}

export interface Subject {
  readonly name: string;
  readonly create: TransportFactory;
  readonly features: ContractFeatures;
}
