// Without the caller's async context and without causation.
import { signalboxPeer } from "../signalbox-peer.mjs";

export const name = "signalbox lean";
export const { eventOf, queue, invoke, oneAtATime, oneSettled } = signalboxPeer({ context: false });
