/** What the promises of transactions need of a store: a bus on it, beside a table of the application's own. */
import { type Bus, Event, type Item, type Transport } from "signalbox";

export class Noted extends Event("noted", { key: ({ key }: { key?: string }) => key })<{
  id: string;
  key?: string;
}> {}
export class Followed extends Event("followed")<{ id: string }> {}

export interface Orders {
  /** Not started; it notes what is `Followed`. */
  readonly bus: Bus;
  readonly followed: string[];
  readonly orders: () => Promise<readonly string[]>;
  /** How many deliveries there are, for whoever looks from outside. */
  readonly left: () => Promise<number>;
  /** How often what is there has failed. */
  readonly failures: () => Promise<readonly number[]>;
  /** What follows is done by the client of a transaction. */
  insert(client: unknown, id: string): Promise<void>;
  /** How many deliveries the transaction sees. */
  kept(client: unknown): Promise<number>;
  /** Writes what the commit will refuse. */
  spoil(client: unknown): Promise<void>;
  /** Makes every delivery somebody else's. */
  steal(client: unknown): Promise<void>;
  /** Has the store refuse what is sent, by the word "refused". */
  refuseSends(client: unknown): Promise<void>;
}

export interface OrdersStore {
  withOrders(more?: Record<string, Transport>): Promise<Orders>;
  /** A transport on another store of the kind. */
  another(): Transport;
  /** A transport, opened, whose items are kept. */
  open(): Promise<{ transport: Transport; items: Item[] }>;
}

export const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export function nothing(): void {}

/** Resolves when it is so; the test's own timeout ends what never comes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 2));
}
