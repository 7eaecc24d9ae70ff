/** A server within the process, for clients behind a link: groups, leases by client, dedupe, transactions, dead letters. */
import type { Group, Item, Settlement, WireEnvelope } from "signalbox";
import type { Heal, OpenTransaction, Place, Refusable } from "signalbox/testing/contract";
import { Wire } from "./wire.js";

export const LEASE_MS = 3_000;

export interface Entry {
  readonly seq: number;
  readonly envelope: WireEnvelope;
  isCorrupt: boolean;
  failures: number;
  deliveries: number;
  history: Item["history"];
  owner: string | undefined;
  until: number;
  dueAt: number;
}

export interface Handed {
  readonly group: string;
  readonly entry: Entry;
  readonly item: Item;
}

type Work = { readonly commit: () => void; readonly rollBack: () => void };
export type Answer = "accepted" | "duplicate";

export class Server {
  readonly wire: Wire;
  readonly refused = new Set<Refusable>();
  readonly letters: {
    readonly id: string;
    readonly item: Item;
    readonly reason: string;
    readonly at: number;
  }[] = [];
  readonly groups = new Map<string, { readonly group: Group; entries: Entry[] }>();
  hints = new Set<() => void>();
  mayWrite = true;
  protected readonly place: Place;
  readonly #known = new Set<string>();
  #seq = 0;

  constructor(place: Place) {
    this.place = place;
    this.wire = new Wire(place.runtime.host);
  }

  declare(group: Group): void {
    if (!this.groups.has(group.name)) this.groups.set(group.name, { group, entries: [] });
  }

  send(batch: readonly WireEnvelope[], transaction?: Work[]): readonly Answer[] {
    if (!this.mayWrite) throw Object.assign(new Error("permission denied"), { isRefusal: true });
    if (this.refused.has("send")) return this.full(batch);
    return batch.map((envelope) => {
      if (this.#known.has(this.sameAs(envelope))) return "duplicate";
      const seq = this.#seq++;
      const commit = (): void => {
        this.#known.add(this.sameAs(envelope));
        this.fanOut(envelope, seq);
      };
      if (transaction === undefined) commit();
      else transaction.push({ commit, rollBack: () => undefined });
      return "accepted";
    });
  }

  fetch(client: string, credits: ReadonlyMap<string, number>): readonly Handed[] {
    this.takeBack();
    const now = this.now();
    return [...credits].flatMap(([group, credit]) =>
      this.ready(group, now)
        .slice(0, credit)
        .map((entry) => this.#handOut(client, group, entry)),
    );
  }

  /** Answers what the client still has. */
  extend(client: string): ReadonlySet<Entry> {
    if (this.refused.has("extension")) throw Object.assign(new Error("no extension"), { isRefusal: true });
    const own = [...this.groups.values()].flatMap(({ entries }) =>
      entries.filter(({ owner }) => owner === client),
    );
    for (const entry of own) entry.until = this.now() + LEASE_MS;
    return new Set(own);
  }

  settle(
    client: string,
    handed: Handed,
    how: { settlement: Settlement; transaction?: Work[] | undefined },
  ): "settled" | "stale" {
    const { group, entry, item } = handed;
    const isThere = this.groups.get(group)?.entries.includes(entry) === true;
    if (!isThere || entry.owner !== client || entry.deliveries !== item.deliveries) return "stale";
    this.refuse(how.settlement);
    const commit = (): void => this.end(handed, how.settlement);
    if (how.transaction === undefined) commit();
    else how.transaction.push({ commit, rollBack: () => (entry.owner = undefined) });
    return "settled";
  }

  leave(client: string): void {
    for (const { entries } of this.groups.values())
      for (const entry of entries) if (entry.owner === client) entry.owner = undefined;
  }

  begin(): OpenTransaction {
    const transaction: Work[] = [];
    return {
      transaction,
      commit: () => {
        for (const { commit } of transaction) commit();
      },
      rollBack: () => {
        for (const { rollBack } of transaction) rollBack();
      },
    };
  }

  // ── What the hooks do ─────────────────────────────────────────────────────────────────────────────────────────

  kill(): Heal {
    this.wire.isUp = false;
    this.wire.reset();
    return () => void (this.wire.isUp = true);
  }

  corrupt(id: string): void {
    for (const { entries } of this.groups.values())
      for (const entry of entries) if (entry.envelope.id === id) entry.isCorrupt = true;
  }

  // ── What a broken one does otherwise ──────────────────────────────────────────────────────────────────────────

  protected full(batch: readonly WireEnvelope[]): readonly Answer[] {
    throw Object.assign(new Error(`no room for ${batch.length}`), { isRefusal: true });
  }

  protected sameAs({ id }: WireEnvelope): string {
    return id;
  }

  protected ready(group: string, now: number): readonly Entry[] {
    const entries = this.groups.get(group)?.entries ?? [];
    return entries.filter(({ owner, dueAt }) => owner === undefined && dueAt <= now);
  }

  protected refuse({ kind }: Settlement): void {
    const isRefused = kind === "deadLetter" ? this.refused.has("deadLetter") : this.refused.has("settlement");
    if (isRefused) throw Object.assign(new Error("no settlement"), { isRefusal: true });
  }

  protected end({ group, entry, item }: Handed, settlement: Settlement): void {
    entry.owner = undefined;
    if (settlement.kind === "release") return;
    if (settlement.kind === "retry") {
      entry.failures++;
      entry.history = [...entry.history, settlement.attempt];
      entry.dueAt = this.now() + settlement.afterMs;
      return;
    }
    const shelf = this.groups.get(group)!;
    shelf.entries = shelf.entries.filter((each) => each !== entry);
    if (settlement.kind === "deadLetter")
      this.letters.push({ id: String(this.letters.length), item, reason: settlement.reason, at: this.now() });
  }

  protected fanOut(envelope: WireEnvelope, seq: number): void {
    const dueAt = envelope.dueAt ?? 0;
    const facts = {
      isCorrupt: false,
      failures: 0,
      deliveries: 0,
      history: [],
      owner: undefined,
      until: 0,
      dueAt,
    };
    for (const { group, entries } of this.groups.values())
      if (group.events.includes(envelope.name)) {
        entries.push({ seq, envelope, ...facts });
        entries.sort((one, other) => one.seq - other.seq);
      }
    for (const hint of this.hints) hint();
  }

  protected now(): number {
    return this.place.runtime.host.now();
  }

  #handOut(client: string, group: string, entry: Entry): Handed {
    entry.owner = client;
    entry.until = this.now() + LEASE_MS;
    entry.deliveries++;
    const { failures, deliveries, history } = entry;
    const undecodable = { undecodable: new Uint8Array(), error: new SyntaxError("unreadable") };
    const envelope = entry.isCorrupt ? undecodable : entry.envelope;
    return { group, entry, item: { group, envelope, failures, deliveries, history } };
  }

  protected takeBack(): void {
    for (const { entries } of this.groups.values())
      for (const entry of entries)
        if (entry.owner !== undefined && entry.until < this.now()) entry.owner = undefined;
  }
}
