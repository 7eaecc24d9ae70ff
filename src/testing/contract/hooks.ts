/** What a subject can do to its own store, server and connection. A case whose hook is missing is left out, and says so. */
import type { Awaitable, Transport } from "../../transport/transport.js";
import type { Place } from "./place.js";

/** Makes good again what was broken. */
export type Heal = () => Awaitable<void>;

/** Kills a server; what it answers starts it again. */
export type Kill = () => Awaitable<Heal>;

export interface Hooks {
  /** Begins a transaction of the application on the store of a place, where `transactions` says that one can be joined. */
  readonly begin?: ((place: Place) => Awaitable<OpenTransaction>) | undefined;
  /** Whether no second transaction can write while one is open. Defaults to `false`. */
  readonly writesInTurn?: boolean | undefined;
  /** From now on the store takes nothing of this kind. */
  readonly refuse?: Readonly<Partial<Record<Refusable, (place: Place) => Awaitable<Heal>>>> | undefined;
  /** What is stored of the envelope with this id, which waits, cannot be read any more. */
  readonly corrupt?: ((place: Place, id: string) => Awaitable<void>) | undefined;
  /** A client on a connection that belongs to the application. */
  readonly lend?: ((place: Place) => Awaitable<Lent>) | undefined;
  /** Starts a process that calls `contractProcess`, under real time; what it writes to its outputs is not looked at. */
  readonly fork?: ((place: Place) => Awaitable<Forked>) | undefined;
  /** The way between the clients of a place and their server; asked for before the first client is made. */
  readonly link?: ((place: Place) => Awaitable<Link>) | undefined;
  /** How often a connection to the server of a place has been asked for, refused ones included. */
  readonly attempts?: ((place: Place) => number) | undefined;
  /** The connection that next carries this text to the server is reset when it has arrived. */
  readonly loseAnswer?: ((place: Place, text: string) => void) | undefined;
  /** A server of a place that can be killed; asked for before the first client is made. */
  readonly killServer?: ((place: Place) => Awaitable<Kill>) | undefined;
  /** The same, and what it has not synced is lost. */
  readonly losePower?: ((place: Place) => Awaitable<Kill>) | undefined;
  /** The server forgets its groups, queues or streams, as one that is set up anew. */
  readonly loseGroups?: ((place: Place) => Awaitable<void>) | undefined;
  /** The clients of a place lose the right to write. */
  readonly revoke?: ((place: Place) => Awaitable<Heal>) | undefined;
  /** Ends the connections by which consumers are woken, and those only. */
  readonly killNotifier?: ((place: Place) => Awaitable<void>) | undefined;
}

/** What a store can be made to refuse. */
export type Refusable = "send" | "extension" | "settlement" | "deadLetter";

/** A transaction of the application, on a connection of its own. */
export interface OpenTransaction {
  /** What `send` and `settle` get as `transaction`. */
  readonly transaction: unknown;
  commit(): Awaitable<void>;
  rollBack(): Awaitable<void>;
}

export interface Lent {
  readonly transport: Transport;
  /** Whether the application's connection still answers. */
  readonly isOpen: () => Awaitable<boolean>;
  /** The application closes it. */
  readonly close: () => Awaitable<void>;
}

/** A child process, as `fork` of node:child_process answers it. */
export interface Forked {
  send(message: object): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  once(event: "exit", listener: () => void): unknown;
  kill(signal: "SIGKILL"): unknown;
}

/** A connection that can be disturbed, as a proxy does it. */
export interface Link {
  /** Ends every connection at once; new ones are granted. */
  reset(): Awaitable<void>;
  /** Connections stay, and nothing comes through them until `heal`. */
  blackHole(): Awaitable<void>;
  /** New connections are refused. */
  refuse(): Awaitable<void>;
  /** Every piece is late, and cut into pieces of so many bytes. */
  weather(weather: Weather): Awaitable<void>;
  /** All is fair again. */
  heal(): Awaitable<void>;
}

export interface Weather {
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly sliceBytes?: number;
}
