/** What this process was handed and has not settled. */
import type { Row } from "./envelope-rows.js";
import type { Item } from "./transport.js";

/** What identifies a delivery that is out: no other has its owner and its count. */
export interface Hold {
  readonly envelope: number;
  readonly groupId: number;
  readonly owner: number;
  readonly deliveries: number;
  readonly key: string | null;
}

export interface Held extends Hold {
  readonly item: Item;
  /** The id of its envelope, for the inbox; empty where it has none. */
  readonly eventId: string;
  readonly inboxMs: number;
}

export class Holdings {
  readonly #byItem = new Map<Item, Held>();
  readonly #settling = new Set<Held>();

  add(held: Held): void {
    this.#byItem.set(held.item, held);
  }

  has(item: Item): boolean {
    return this.#byItem.has(item);
  }

  /** Takes an item to settle it; undefined where it is not out. */
  take(item: Item): Held | undefined {
    const held = this.#byItem.get(item);
    if (held === undefined) return undefined;
    this.#byItem.delete(item);
    this.#settling.add(held);
    return held;
  }

  /** The settlement is written. */
  settled(held: Held): void {
    this.#settling.delete(held);
  }

  /** The settlement was rolled back: it is out as before. */
  unsettled(held: Held): void {
    this.#settling.delete(held);
    this.#byItem.set(held.item, held);
  }

  /** All that are out and nobody settles; they are not held any more. */
  dropAll(): readonly Item[] {
    const items = [...this.#byItem.keys()];
    this.#byItem.clear();
    return items;
  }

  itemsOf(group: string): readonly Item[] {
    return [...this.#byItem.keys()].filter((item) => item.group === group);
  }

  drop(items: readonly Item[]): void {
    for (const item of items) this.#byItem.delete(item);
  }

  /** What the store has as ours and we do not know, and what we have and the store does not know. */
  compare(
    rows: readonly Row[],
    owner: number,
  ): { readonly strays: readonly Hold[]; readonly gone: readonly Item[] } {
    const stored = new Map(rows.map((row) => [nameOf(holdOf(row, owner)), holdOf(row, owner)]));
    const gone: Item[] = [];
    for (const [item, held] of this.#byItem) if (!stored.delete(nameOf(held))) gone.push(item);
    for (const held of this.#settling) stored.delete(nameOf(held));
    return { strays: [...stored.values()], gone };
  }
}

function holdOf({ envelope, group_id, deliveries, key }: Row, owner: number): Hold {
  const groupId = group_id as number;
  return {
    envelope: envelope as number,
    groupId,
    owner,
    deliveries: deliveries as number,
    key: key as string | null,
  };
}

function nameOf({ envelope, groupId, deliveries }: Hold): string {
  return `${envelope} ${groupId} ${deliveries}`;
}
