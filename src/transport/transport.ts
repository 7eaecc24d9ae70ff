/**
 * The transport port: what carries envelopes, fans them out to groups, and settles what became of them. Memory is its
 * reference; the contract of each member stands beside it.
 */

export type Awaitable<T> = T | Promise<T>;
/** What a store promises: `open` proves it against the server, `declare` compares it with what the group needs. */
export interface Features {
  readonly survives: "nothing" | "process" | "power";
  readonly serialises: boolean; // false: `body` is the event itself and never leaves the process
  readonly holds: "lane" | "store"; // where waiting deliveries live, so who applies capacity, overflow and priority
  readonly order: "none" | "group" | "key"; // what survives retries and crashes
  readonly counts: "failures" | "deliveries"; // "deliveries": crashes and releases cannot be told from failures
  readonly fenced: boolean;
  readonly leaseMs: number; // 0: none. The transport extends it by itself while an item is unsettled
  readonly retryAfterMaxMs: number; // beyond it, or where order is "group", the lane holds the unsettled item instead
  readonly dueMaxMs: number; // delay asked for at publish; 0: none
  readonly priorities: number; // 1: none
  readonly dedupeWindowMs: number; // by envelope id; 0: none
  readonly bodyBytesMax: number;
  readonly transactions: boolean; // `send` can join the caller's own
}
/** One subscription as the store sees it. The store keeps one delivery for each group and matching envelope. */
export interface Group {
  readonly name: string; // stable across deploys
  readonly events: readonly string[]; // exact names, never patterns
  readonly order: Features["order"]; // "key" when one of its events has a key
  readonly audience: "one" | "each"; // competing processes | every process, nothing kept for those that left
  readonly start: "now" | "earliest";
  readonly inboxMs: number; // dedupe by id on receipt; 0: none
}
export interface WireEnvelope {
  readonly id: string;
  readonly name: string;
  readonly key: string | undefined; // the event's own key: every publisher knows it
  readonly priority: number;
  readonly dueAt: number | undefined; // ms since the epoch, compared by the store's clock
  readonly expiresAt: number | undefined;
  readonly headers: Readonly<Record<string, string>>; // CloudEvents attributes and Signalbox's own, prefixed `ce-`, and the user's
  readonly body: Uint8Array | object;
}
export interface Item {
  readonly group: string;
  readonly envelope: WireEnvelope | { readonly undecodable: Uint8Array; readonly error: Error };
  readonly failures: number; // times settled as "retry" before now
  readonly deliveries: number; // times handed out, this one and crashes included
  readonly history: readonly AttemptRecord[]; // of the failures before now, wherever they ran
}
export interface AttemptRecord {
  readonly attempt: number;
  readonly at: number; // ms since the epoch
  readonly ranMs: number;
  readonly error: string; // name, message and stack, redacted and cut
}
export type Settlement =
  | { readonly kind: "done" | "release" } // release: not a failure, somebody else's turn
  | { readonly kind: "retry"; readonly afterMs: number; readonly attempt: AttemptRecord }
  | { readonly kind: "deadLetter" | "drop"; readonly reason: string; readonly attempt?: AttemptRecord };
export interface Sink {
  deliver(item: Item): Awaitable<void>; // never more often than credit allows; memory awaits it, stores need not
  lost(item: Item, reason: "lease" | "connection" | "removed"): void; // its signal aborts, settling it is "stale"
  changed(state: "up" | "down", error?: Error): void;
}
/** A transaction that a transport has begun on its own database. */
export interface TransportTransaction {
  readonly client: unknown; // the application works with it; `send` and `settle` get it as `transaction`; no use after the end
  commit(): Awaitable<void>; // rejects: nothing of it is there, and what was settled within it is out as before
  rollBack(): Awaitable<void>; // never rejects; after a commit, or twice, it does nothing
}
export interface Transport {
  readonly features: Features;
  open(sink: Sink): Promise<void>; // a failed open leaves nothing behind; allowed again after `close`
  /**
   * Idempotent; what is sent after it resolves reaches the group, whatever other consumers declare. A name is the group's as
   * long as a living consumer has declared it last with that name; when none has, the next declare without it takes it away.
   * What the group has by then stays.
   */
  declare(group: Group): Awaitable<void>;
  faults?(group: Group): readonly string[]; // why `declare` would refuse it, as far as that is known before `open`; with the fix
  send(
    batch: readonly WireEnvelope[],
    how?: { signal?: AbortSignal; transaction?: unknown },
  ): Awaitable<readonly ("accepted" | "duplicate")[]>;
  credit(group: string, more: number): void; // nothing is handed out before the first call
  settle(item: Item, settlement: Settlement, how?: { transaction?: unknown }): Awaitable<"settled" | "stale">; // batched per turn by the transport
  begin?(how?: { signal?: AbortSignal }): Awaitable<TransportTransaction>; // waits for its turn; `close` rolls back what is open
  stop(): Awaitable<void>; // hands out nothing more and returns what never reached the sink; leases go on
  close(): Promise<void>;
  readonly store?: Store; // where the store holds the queue
}
/** What a transport that stores keeps beside deliveries: small records for schedules, results, ledgers; and what an operator asks. */
export interface Store {
  get(key: string): Awaitable<{ value: Uint8Array; version: number } | undefined>;
  put(
    key: string,
    value: Uint8Array,
    how?: { ifVersion?: number; ttlMs?: number; transaction?: unknown },
  ): Awaitable<boolean>; // false: somebody was first
  delete(key: string, how?: { ifVersion?: number }): Awaitable<boolean>;
  list(prefix: string, after?: string, limit?: number): Awaitable<readonly string[]>;
  lease(name: string, forMs: number): Awaitable<boolean>; // one holder at a time: schedules fire once
  groups(): Awaitable<
    readonly { group: string; waiting: number; oldestAt: number | undefined; consumers: number }[]
  >;
  removeGroup(group: string): Awaitable<void>;
  deadLetters(
    filter: { group?: string; reason?: string },
    after?: string,
    limit?: number,
  ): Awaitable<readonly { id: string; item: Item; reason: string; at: number }[]>;
  redrive(id: string, edited?: WireEnvelope): Awaitable<boolean>; // to the group it came from, or one of its name here; false: neither, or no letter
  discard(id: string): Awaitable<boolean>;
  due(after?: string, limit?: number): Awaitable<readonly WireEnvelope[]>;
  reschedule(id: string, dueAt: number | undefined): Awaitable<boolean>; // undefined: cancel
}
