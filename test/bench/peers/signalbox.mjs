// Everything as it comes: receipt, causation, the caller's async context, counters.
import { signalboxPeer } from "../signalbox-peer.mjs";

export const name = "signalbox";
export const { has, eventOf, queue, invoke, oneAtATime, oneSettled, emit, starting } = signalboxPeer({});
