/** What a PostgreSQL transport keeps beside deliveries, and what an operator asks of it. */
import { type Letter, readable } from "../transport/delivery-rows.js";
import { envelopeOf } from "../transport/envelope-rows.js";
import type { Item, Store, WireEnvelope } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import type { Tables } from "./tables.js";
import { checkTexts } from "./texts.js";

export interface StoreParts {
  readonly tables: Tables;
  /** Who holds the leases that are taken here. */
  readonly holder: string;
  /** One statement. */
  readonly use: <T>(work: (db: Connection) => Promise<T>) => Promise<T>;
  /** A transaction of its own, or the application's. */
  readonly write: <T>(work: (db: Connection) => Promise<T>, transaction?: unknown) => Promise<T>;
  /** There may be something new for somebody. */
  readonly wake: () => void;
  /** The items of a group that are out here are nobody's any more. */
  readonly removed: (group: string) => void;
}

const LIMIT = 100;

export class PostgresStore implements Store {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  get(key: string): Promise<{ value: Uint8Array; version: number } | undefined> {
    const { tables, use } = this.#parts;
    return use((db) => tables.records.get(db, key));
  }

  put(key: string, value: Uint8Array, how: PutOptions = {}): Promise<boolean> {
    const { tables, use, write } = this.#parts;
    const { ifVersion, ttlMs, transaction } = how;
    const put = (db: Connection): Promise<boolean> =>
      tables.records.put(db, { key, value, ifVersion, ttlMs });
    return transaction === undefined ? use(put) : write(put, transaction);
  }

  delete(key: string, { ifVersion }: { ifVersion?: number } = {}): Promise<boolean> {
    const { tables, use } = this.#parts;
    return use((db) => tables.records.delete(db, key, ifVersion));
  }

  list(prefix: string, after?: string, limit: number = LIMIT): Promise<readonly string[]> {
    const { tables, use } = this.#parts;
    return use((db) => tables.records.list(db, { prefix, after, limit }));
  }

  lease(name: string, forMs: number): Promise<boolean> {
    const { tables, use, holder } = this.#parts;
    return use((db) => tables.records.lease(db, name, holder, forMs));
  }

  groups(): Promise<
    readonly { group: string; waiting: number; oldestAt: number | undefined; consumers: number }[]
  > {
    const { tables, use } = this.#parts;
    return use((db) => tables.groups.list(db));
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
  ): Promise<readonly Letter[]> {
    const { tables, use } = this.#parts;
    return use((db) => tables.letters.list(db, filter, after, limit));
  }

  async redrive(id: string, edited?: WireEnvelope): Promise<boolean> {
    if (edited !== undefined) checkTexts(edited);
    const isDone = await this.#parts.write((db) => this.#redrive(db, id, edited));
    if (isDone) this.#parts.wake();
    return isDone;
  }

  async discard(id: string): Promise<boolean> {
    const { tables, use } = this.#parts;
    return (await use((db) => tables.letters.take(db, id))) !== undefined;
  }

  async due(after: string = "", limit: number = LIMIT): Promise<readonly WireEnvelope[]> {
    const { tables, use } = this.#parts;
    const rows = await use((db) => tables.envelopes.due(db, after, limit));
    return rows.map(envelopeOf).filter((each: Item["envelope"]) => "id" in each);
  }

  async reschedule(id: string, dueAt: number | undefined): Promise<boolean> {
    const { tables, write, wake } = this.#parts;
    const isDone = await write((db) => tables.envelopes.reschedule(db, id, dueAt));
    if (isDone) wake();
    return isDone;
  }

  /* The letter stays where its group is gone, or nothing can be read of it. */
  async #redrive(db: Connection, id: string, edited: WireEnvelope | undefined): Promise<boolean> {
    const { tables } = this.#parts;
    const letter = await tables.letters.get(db, id);
    const envelope = edited ?? (letter && readable(letter));
    if (letter === undefined || envelope === undefined) return false;
    const from = await tables.letters.groupIdOf(db, id);
    const to = { from: from ?? 0, consumer: tables.attendance.id ?? 0 };
    const group = await tables.groups.of(db, letter.item.group, to);
    if (group === undefined) return false;
    if ((await tables.letters.take(db, id)) === undefined) return false; // somebody else was first
    await tables.envelopes.again(db, { ...envelope, dueAt: undefined, expiresAt: undefined }, group);
    return true;
  }
}

type PutOptions = NonNullable<Parameters<Store["put"]>[2]>;
