// Everything as it comes: receipt, causation, the caller's async context, counters.
import { signalboxPeer } from "../signalbox-peer.mjs";

export const name = "signalbox";
export const { eventOf, queue, invoke, oneAtATime, oneSettled } = signalboxPeer({});
