// Without the caller's async context and without causation.
import { signalboxPeer } from "../signalbox-peer.mjs";

export const name = "signalbox lean";
export const { has, eventOf, queue, invoke, oneAtATime, oneSettled, emit, starting } = signalboxPeer({
  context: false,
});
