/** What a rehearsal sees of each delivery: how it ended, what was published in it, whom it overtook. */
import type { Item, Settlement, WireEnvelope } from "../../index.js";
import { currentFrame, type Frame } from "../../runtime/context.js";
import type { Watch } from "./watch.js";

/** An event that was published in a delivery. */
export interface Effect {
  readonly id: string;
  /** Its name and its data. */
  readonly says: string;
}

/** One delivery as it was handed out. */
export interface Turn {
  readonly subscription: string;
  readonly event: string;
  readonly eventId: string;
  /** The name and the data of the event. */
  readonly says: string;
  readonly deliveries: number;
  /** Names of events that were sent earlier and are handed out later. */
  readonly overtook: readonly string[];
  readonly effects: Effect[];
  /** `done`, `drop (…)`, `deadLetter (…)`, `release`; undefined while it has not ended. */
  outcome: string | undefined;
}

export class RehearsalRecord implements Watch {
  readonly turns: Turn[] = [];
  readonly #byItem = new Map<Item, Turn>();

  handedOut(item: Item, overtook: readonly WireEnvelope[]): void {
    if ("undecodable" in item.envelope) return;
    const { id, name } = item.envelope;
    const turn: Turn = {
      subscription: item.group,
      event: name,
      eventId: id,
      says: textOf(item.envelope),
      deliveries: item.deliveries,
      overtook: overtook.map((each) => each.name),
      effects: [],
      outcome: undefined,
    };
    this.turns.push(turn);
    this.#byItem.set(item, turn);
  }

  sent(batch: readonly WireEnvelope[]): void {
    const item = itemHere();
    const turn = item === undefined ? undefined : this.#byItem.get(item);
    turn?.effects.push(...batch.map((envelope) => ({ id: envelope.id, says: textOf(envelope) })));
  }

  settled(item: Item, settlement: Settlement): void {
    const turn = this.#byItem.get(item);
    if (turn === undefined) return;
    const reason = "reason" in settlement ? ` (${settlement.reason})` : "";
    turn.outcome = `${settlement.kind}${reason}`;
  }
}

type DeliveryFrame = Frame & { readonly ticket?: { readonly item?: Item | undefined } };

/* The delivery in whose async context this code runs, as the engine keeps it. */
function itemHere(): Item | undefined {
  let frame: DeliveryFrame | undefined = currentFrame();
  while (frame !== undefined && frame.ticket === undefined) frame = frame.outer;
  return frame?.ticket?.item;
}

function textOf({ name, body }: WireEnvelope): string {
  const data = body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body);
  return `${name} ${data}`;
}
