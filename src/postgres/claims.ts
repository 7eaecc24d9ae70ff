/** What the groups of this process may still be handed, and the taking of it. */
import { heldOf } from "../transport/delivery-rows.js";
import type { Row } from "../transport/envelope-rows.js";
import type { Held } from "../transport/holdings.js";
import type { Group } from "../transport/transport.js";
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

/** What is asked for one group. */
export interface Asked {
  readonly account: Account;
  readonly most: number;
}

/** What a transaction has taken for one group. */
export interface Taken {
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

  /** Whether what is asked for is taken as it is: no inbox has to be looked into. */
  get isPlain(): boolean {
    return this.#hungry().every(({ group }) => group.inboxMs === 0);
  }

  /**
   * What the credits allow; whoever is woken meanwhile is asked for again. Once the taking has failed, settlements go
   * without it: what cannot be taken holds up none.
   */
  ask(isWithOthers: boolean): readonly Asked[] {
    if (this.#isWary && isWithOthers) return [];
    const asked = this.#hungry().map((account) => ({ account, most: Math.min(account.credit, TAKEN_MAX) }));
    this.#calm();
    return asked;
  }

  /** Takes what the credits allow; nothing counts before it is committed. */
  async take(db: Connection, owner: number, isWithOthers: boolean): Promise<readonly Taken[]> {
    const asked = this.ask(isWithOthers);
    if (asked.length === 0) return [];
    const rows = await this.#tables.places.take(db, owner, wantedOf(asked));
    const taken: Taken[] = [];
    for (const each of this.taking(asked, rows, owner))
      taken.push({ ...each, ...(await this.#unmarked(db, each)) });
    return taken;
  }

  /** What was taken of what was asked for. */
  taking(asked: readonly Asked[], rows: readonly Row[], owner: number): readonly Taken[] {
    return asked.map(({ account, most }) => {
      const own = rows.filter(({ group_id }) => group_id === account.groupId);
      const helds = own.map((row) =>
        heldOf(row, account.group, { owner, deliveries: row["deliveries"] as number }),
      );
      return { account, helds, isEmpty: own.length < Math.max(1, most - lowOf(account, most)) };
    });
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

  /* What was behind a duplicate is ready only now. */
  async #unmarked(db: Connection, { helds }: Taken): Promise<Partial<Taken>> {
    const marked = helds.filter(({ inboxMs, eventId }) => inboxMs > 0 && eventId !== "");
    if (marked.length === 0) return {};
    const firsts = await this.#tables.inbox.claim(db, marked);
    const again = marked.filter((held) => !firsts.has(held));
    if (again.length === 0) return {};
    await this.#end(db, again);
    return { helds: helds.filter((held) => !again.includes(held)), isEmpty: false };
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

export function wantedOf(asked: readonly Asked[]): readonly Wanted[] {
  return asked.flatMap(({ account, most }) => {
    const { groupId } = account;
    const low = lowOf(account, most);
    return [
      { groupId, most: most - low, isLowest: false },
      { groupId, most: low, isLowest: true },
    ].filter((wanted) => wanted.most > 0);
  });
}
