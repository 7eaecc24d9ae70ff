/** Between rows and deliveries: those that a store hands out, and those that it has given up. */
import { envelopeOf, historyOf, type Row, type Value } from "./envelope-rows.js";
import type { Held } from "./holdings.js";
import type { AttemptRecord, Group, Item, WireEnvelope } from "./transport.js";

/** The delivery of a row, out for its owner. */
export function heldOf(row: Row, { name, inboxMs }: Group, out: { owner: number; deliveries: number }): Held {
  const { owner, deliveries } = out;
  const item = itemOf(row, name, deliveries);
  return {
    item,
    eventId: "id" in item.envelope ? item.envelope.id : "",
    inboxMs,
    envelope: row["envelope"] as number,
    groupId: row["group_id"] as number,
    owner,
    deliveries,
    key: row["line"] as string | null,
  };
}

/** A dead letter as the port lists it. */
export interface Letter {
  readonly id: string;
  readonly item: Item;
  readonly reason: string;
  readonly at: number;
}

/** Why an item is given up, and the attempt that it was given up after. */
export interface Ended {
  readonly reason: string;
  readonly attempt?: AttemptRecord;
}

export function letterOf(row: Row): Letter {
  const { number, group_name, reason, at, deliveries } = row;
  const item = itemOf(row, group_name as string, deliveries as number);
  return { id: idOf(number as number), item, reason: reason as string, at: at as number };
}

/** The envelope of a letter, if it can be read. */
export function readable({ item }: Letter): WireEnvelope | undefined {
  return "undecodable" in item.envelope ? undefined : item.envelope;
}

/** The values of an envelope that cannot be read: without a name it stays so. */
export function remains(bytes: Uint8Array): readonly Value[] {
  return ["", "", null, 3, null, null, "", bytes];
}

/** The number of a letter's row; undefined where no letter has that id. */
export function numberOf(id: string): number | undefined {
  return /^\d{1,16}$/.test(id) ? Number(id) : undefined;
}

/* As texts they are in the order of their numbers, too. */
function idOf(number: number): string {
  return String(number).padStart(16, "0");
}

function itemOf(row: Row, group: string, deliveries: number): Item {
  const history = historyOf(row["history"]);
  return { group, envelope: envelopeOf(row), failures: row["failures"] as number, deliveries, history };
}
