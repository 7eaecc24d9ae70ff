/** What a SQLite transport keeps beside deliveries, and what an operator asks of it. */
import type { Item, Store, WireEnvelope } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import { type Letter, readable } from "../transport/delivery-rows.js";
import { envelopeOf } from "../transport/envelope-rows.js";
import type { Tables } from "./tables.js";

export interface StoreParts {
  readonly tables: Tables;
  readonly now: () => number;
  /** Who holds the leases that are taken here. */
  readonly holder: string;
  /** The open connection; throws where there is none. */
  readonly db: () => Connection;
  /** Within the transaction of this turn, or within the application's. */
  readonly write: <T>(work: (db: Connection) => T, transaction?: unknown) => Promise<T>;
  /** The items of a group that are out here are nobody's any more. */
  readonly removed: (group: string) => void;
}

const LIMIT = 100;

export class SqliteStore implements Store {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  get(key: string): { value: Uint8Array; version: number } | undefined {
    const { tables, db, now } = this.#parts;
    return tables.records.get(db(), key, now());
  }

  put(key: string, value: Uint8Array, how: PutOptions = {}): Promise<boolean> {
    const { tables, now, write } = this.#parts;
    const { ifVersion, ttlMs, transaction } = how;
    const put = (db: Connection): boolean => {
      const until = ttlMs === undefined ? undefined : now() + ttlMs;
      return tables.records.put(db, { key, value, ifVersion, until }, now());
    };
    return write(put, transaction);
  }

  delete(key: string, { ifVersion }: { ifVersion?: number } = {}): Promise<boolean> {
    const { tables, now, write } = this.#parts;
    return write((db) => tables.records.delete(db, key, ifVersion, now()));
  }

  list(prefix: string, after?: string, limit: number = LIMIT): readonly string[] {
    const { tables, db, now } = this.#parts;
    return tables.records.list(db(), { prefix, after, limit }, now());
  }

  lease(name: string, forMs: number): Promise<boolean> {
    const { tables, now, write, holder } = this.#parts;
    return write((db) => tables.records.lease(db, name, holder, { now: now(), forMs }));
  }

  groups(): readonly { group: string; waiting: number; oldestAt: number | undefined; consumers: number }[] {
    const { tables, db } = this.#parts;
    return tables.groups
      .list(db())
      .map(({ id, name, consumers }) => ({ group: name, consumers, ...tables.places.backlog(db(), id) }));
  }

  async removeGroup(group: string): Promise<void> {
    const { tables, write, removed } = this.#parts;
    await write((db) => tables.groups.remove(db, group));
    removed(group);
  }

  deadLetters(
    filter: { group?: string; reason?: string },
    after: string = "",
    limit: number = LIMIT,
  ): readonly Letter[] {
    const { tables, db } = this.#parts;
    return tables.letters.list(db(), filter, after, limit);
  }

  redrive(id: string, edited?: WireEnvelope): Promise<boolean> {
    return this.#parts.write((db) => this.#redrive(db, id, edited));
  }

  discard(id: string): Promise<boolean> {
    const { tables, write } = this.#parts;
    return write((db) => tables.letters.delete(db, id));
  }

  due(after: string = "", limit: number = LIMIT): readonly WireEnvelope[] {
    const { tables, db, now } = this.#parts;
    const envelopes = tables.envelopes.due(db(), after, limit, now()).map(envelopeOf);
    return envelopes.filter((each: Item["envelope"]) => "id" in each);
  }

  reschedule(id: string, dueAt: number | undefined): Promise<boolean> {
    const { tables, now, write } = this.#parts;
    return write((db) => tables.envelopes.reschedule(db, id, dueAt, now()));
  }

  /* The letter stays where its group is gone, or nothing can be read of it. */
  #redrive(db: Connection, id: string, edited: WireEnvelope | undefined): boolean {
    const { tables, now } = this.#parts;
    const letter = tables.letters.get(db, id);
    const envelope = edited ?? (letter && readable(letter));
    if (letter === undefined || envelope === undefined) return false;
    const to = { from: tables.letters.groupIdOf(db, id)!, consumer: tables.attendance.id ?? 0 };
    const groupId = tables.groups.idOf(db, letter.item.group, to);
    if (groupId === undefined) return false;
    tables.letters.delete(db, id);
    tables.envelopes.again(db, { ...envelope, dueAt: undefined, expiresAt: undefined }, groupId, now());
    return true;
  }
}

type PutOptions = NonNullable<Parameters<Store["put"]>[2]>;
