/** The usual beginning of a case without a bus: a hand with a group, and envelopes for it. */
import type { Group, WireEnvelope } from "../../transport/transport.js";
import { type Hand, type HandOptions, wireOf } from "./hand.js";
import type { Scene } from "./scene.js";

export interface Receiver {
  readonly hand: Hand;
  readonly group: string;
  readonly event: string;
  /** An envelope that the group takes. */
  readonly wire: (id: string, others?: Partial<WireEnvelope>) => WireEnvelope;
}

export type ReceiverOptions = Partial<HandOptions> &
  Partial<Pick<Group, "order" | "inboxMs">> & { readonly credit?: number };

/** Each receiver of a case has the same group. */
export async function receiver(scene: Scene, options: ReceiverOptions = {}): Promise<Receiver> {
  const { credit, order, inboxMs, ...others } = options;
  const { eventName: event } = scene.notes("by-hand");
  const group = scene.name("hand");
  const hand = await scene.hand(others);
  await hand.declare(group, event, {
    ...(credit !== undefined && { credit }),
    ...(order !== undefined && { order }),
    ...(inboxMs !== undefined && { inboxMs }),
  });
  const wire = (id: string, more: Partial<WireEnvelope> = {}): WireEnvelope => ({
    ...wireOf(event, { id }, scene.features.serialises),
    ...more,
  });
  return { hand, group, event, wire };
}

/** Settles nothing of what comes. */
export const KEEPS = { settles: () => undefined } as const;
