/** What the groups of this process may still be handed, and the taking of it. */
import { envelopeOf, historyOf, type Row } from "../transport/envelope-rows.js";
import type { Held } from "../transport/holdings.js";
import type { Group, Item } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import type { Wanted } from "./places.js";
import { endOf } from "./settling.js";
import type { Tables } from "./tables.js";

interface Account {
  readonly group: Group;
  readonly groupId: number;
  credit: number;
  /** Whether there may be something for it. */
  isHungry: boolean;
  /** How many it has had: every 16th turn goes to the lowest priority that waits. */
  turns: number;
}

/** What a transaction has taken for one group. */
interface Taken {
  readonly account: Account;
  readonly helds: readonly Held[];
  readonly isEmpty: boolean;
}

const TURNS = 16;
const TAKEN_MAX = 500;

export class Claims {
  readonly #accounts = new Map<string, Account>();
  readonly #tables: Tables;
  #isWary = false;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Whether anybody here has ever asked for anything. */
  isAsked = false;

  /** The groups that were declared here, and where they stand. */
  get accounts(): Iterable<Account> {
    return this.#accounts.values();
  }

  /** Whether somebody has credit, and there may be something. */
  get isHungry(): boolean {
    return this.#hungry().length > 0;
  }

  know(group: Group, groupId: number): void {
    const { credit = 0, turns = 0 } = this.#accounts.get(group.name) ?? {};
    this.#accounts.set(group.name, { group, groupId, credit, isHungry: true, turns });
  }

  credit(name: string, more: number): void {
    const account = this.#accounts.get(name);
    if (account === undefined) return;
    account.credit += more;
    account.isHungry = this.isAsked = true;
  }

  /** There may be something for everybody, or for these. */
  wake(groupIds?: readonly number[]): void {
    for (const account of this.#accounts.values())
      if (groupIds?.includes(account.groupId) ?? true) account.isHungry = true;
  }

  /** Looks for whom there is something; answers in how many milliseconds the next is due. */
  async look(db: Connection): Promise<number | undefined> {
    const groupIds = this.#hungry().map(({ groupId }) => groupId);
    this.#calm();
    const { ready, dueIn } = await this.#tables.places.look(db, groupIds);
    this.wake(ready);
    return dueIn;
  }

  /**
   * Takes what the credits allow; nothing counts before it is committed. Once that has failed, settlements go without it:
   * what cannot be taken holds up none.
   */
  async take(db: Connection, owner: number, isWithOthers: boolean): Promise<readonly Taken[]> {
    if (this.#isWary && isWithOthers) return [];
    const asked = this.#hungry().map((account) => ({ account, most: Math.min(account.credit, TAKEN_MAX) }));
    if (asked.length === 0) return [];
    this.#calm(); // whoever wakes one meanwhile makes it hungry again
    const rows = await this.#tables.places.take(db, owner, asked.flatMap(wantedOf));
    const taken: Taken[] = [];
    for (const { account, most } of asked) {
      const own = rows.filter(({ group_id }) => group_id === account.groupId);
      const helds = await this.#heldsOf(db, { account, rows: own, owner });
      // What was behind a duplicate is ready only now.
      const isEmpty = helds.length === own.length && own.length < Math.max(1, most - lowOf(account, most));
      taken.push({ account, helds, isEmpty });
    }
    return taken;
  }

  /** It is committed: the credits are used. */
  taken(taken: readonly Taken[]): readonly Held[] {
    if (taken.length > 0) this.#isWary = false;
    for (const { account, helds, isEmpty } of taken) {
      account.credit -= helds.length;
      account.turns += helds.length;
      if (!isEmpty) account.isHungry = true;
    }
    return taken.flatMap(({ helds }) => helds);
  }

  /** It is not: nothing was taken. */
  failed(): void {
    this.#isWary = true;
    this.wake();
  }

  clear(): void {
    this.#accounts.clear();
    this.isAsked = this.#isWary = false;
  }

  #calm(): void {
    for (const account of this.#hungry()) account.isHungry = false;
  }

  #hungry(): readonly Account[] {
    return [...this.#accounts.values()].filter(({ isHungry, credit }) => isHungry && credit > 0);
  }

  async #heldsOf(
    db: Connection,
    { account, rows, owner }: { account: Account; rows: readonly Row[]; owner: number },
  ): Promise<readonly Held[]> {
    const helds = rows.map((row) => heldOf(row, account.group, owner));
    const marked = helds.filter(({ inboxMs, eventId }) => inboxMs > 0 && eventId !== "");
    if (marked.length === 0) return helds;
    const firsts = await this.#tables.inbox.claim(db, marked);
    const again = marked.filter((held) => !firsts.has(held));
    if (again.length > 0) await this.#end(db, again);
    return helds.filter((held) => !again.includes(held));
  }

  async #end(db: Connection, helds: readonly Held[]): Promise<void> {
    await this.#tables.places.change(db, helds.map(endOf));
    await this.#tables.envelopes.drop(
      db,
      helds.map(({ envelope }) => envelope),
    );
  }
}

function lowOf({ turns }: Account, most: number): number {
  return Math.floor((turns + most) / TURNS) - Math.floor(turns / TURNS);
}

function wantedOf({ account, most }: { account: Account; most: number }): readonly Wanted[] {
  const { groupId } = account;
  const low = lowOf(account, most);
  return [
    { groupId, most: most - low, isLowest: false },
    { groupId, most: low, isLowest: true },
  ].filter((wanted) => wanted.most > 0);
}

function heldOf(row: Row, { name, inboxMs }: Group, owner: number): Held {
  const envelope = envelopeOf(row);
  const deliveries = row["deliveries"] as number;
  const history = historyOf(row["history"]);
  const item: Item = { group: name, envelope, failures: row["failures"] as number, deliveries, history };
  return {
    item,
    eventId: "id" in envelope ? envelope.id : "",
    inboxMs,
    envelope: row["envelope"] as number,
    groupId: row["group_id"] as number,
    owner,
    deliveries,
    key: row["line"] as string | null,
  };
}
