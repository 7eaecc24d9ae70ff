/** What the groups of this process may still be handed, and the taking of it. */
import type { Group } from "../transport/transport.js";
import type { Connection, Row } from "./connection.js";
import { heldOf } from "../transport/delivery-rows.js";
import type { Held } from "../transport/holdings.js";
import type { Inbox } from "./inbox.js";
import type { Places } from "./places.js";

interface Account {
  readonly group: Group;
  groupId: number;
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
  readonly #places: Places;
  readonly #inbox: Inbox;

  constructor(places: Places, inbox: Inbox) {
    this.#places = places;
    this.#inbox = inbox;
  }

  /** The groups that were declared here, and where they stand. */
  get accounts(): Iterable<Account> {
    return this.#accounts.values();
  }

  /** Whether anybody here has ever asked for anything. */
  isAsked = false;

  know(group: Group, groupId: number): void {
    const known = this.#accounts.get(group.name);
    if (known === undefined)
      this.#accounts.set(group.name, { group, groupId, credit: 0, isHungry: true, turns: 0 });
    else this.#accounts.set(group.name, Object.assign({ ...known, group, groupId }, { isHungry: true }));
  }

  /** False where the group was never declared. */
  credit(name: string, more: number): boolean {
    const account = this.#accounts.get(name);
    if (account === undefined) return false;
    account.credit += more;
    account.isHungry = this.isAsked = true;
    return true;
  }

  /** There may be something for everybody. */
  wake(): void {
    for (const account of this.#accounts.values()) account.isHungry = true;
  }

  /** Whether there is something for somebody; looks only where there may be. */
  hasAny(db: Connection): boolean {
    for (const account of this.#hungry()) {
      if (this.#places.hasReady(db, account.groupId)) return true;
      account.isHungry = false;
    }
    return false;
  }

  /** Takes what the credits allow; nothing counts before it is committed. */
  take(db: Connection, owner: number, now: number): readonly Taken[] {
    return [...this.#hungry()].map((account) => {
      const most = Math.min(account.credit, TAKEN_MAX);
      const rows = this.#rowsOf(db, account, { owner, most });
      return {
        account,
        helds: this.#heldsOf(db, { account, rows, owner }, now),
        isEmpty: rows.length < most,
      };
    });
  }

  /** It is committed: the credits are used. */
  taken(taken: readonly Taken[]): readonly Held[] {
    for (const { account, helds, isEmpty } of taken) {
      account.credit -= helds.length;
      account.turns += helds.length;
      account.isHungry = !isEmpty;
    }
    return taken.flatMap(({ helds }) => helds);
  }

  clear(): void {
    this.#accounts.clear();
    this.isAsked = false;
  }

  *#hungry(): Iterable<Account> {
    for (const account of this.#accounts.values()) if (account.isHungry && account.credit > 0) yield account;
  }

  #rowsOf(db: Connection, { groupId, turns }: Account, how: { owner: number; most: number }): readonly Row[] {
    const { owner, most } = how;
    const low = Math.floor((turns + most) / TURNS) - Math.floor(turns / TURNS);
    const rows = this.#places.take(db, groupId, { owner, most: most - low });
    if (low === 0 || rows.length < most - low) return rows;
    return [...rows, ...this.#places.take(db, groupId, { owner, most: low, lowest: true })];
  }

  #heldsOf(
    db: Connection,
    from: { account: Account; rows: readonly Row[]; owner: number },
    now: number,
  ): Held[] {
    const { account, rows, owner } = from;
    const { inboxMs } = account.group;
    const helds = rows.map((row) =>
      heldOf(row, account.group, { owner, deliveries: (row["deliveries"] as number) + 1 }),
    );
    if (inboxMs === 0) return helds;
    return helds.filter((held) => {
      const { groupId, eventId, envelope } = held;
      const isFirst = eventId === "" || this.#inbox.claims(db, { groupId, id: eventId, envelope }, now);
      if (!isFirst) this.#places.end(db, held);
      return isFirst;
    });
  }
}
