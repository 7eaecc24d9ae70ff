/** Why a publish was refused, or ended before everybody had the event. */
import { nameErrors, SignalboxError } from "./base.js";

/** A lane takes no more, so the publish was accepted nowhere. */
export class LaneFullError extends SignalboxError {
  readonly lane: string;
  constructor(lane: string, options?: ErrorOptions) {
    const does = "Publish again later, raise its capacity or concurrency, or choose another overflow.";
    super("SIGNALBOX_LANE_FULL", `Lane ${lane} is full and took no more. ${does}`, options);
    this.lane = lane;
  }
}

/** A publish inside a circle of full lanes found the reserve of its lane used up. */
export class CascadeOverflowError extends SignalboxError {
  readonly lane: string;
  readonly chain: readonly string[];
  constructor(lane: string, chain: readonly string[]) {
    const says = `Lanes wait for each other (${chain.join(" → ")}) and the reserve of ${lane} is used up.`;
    const does = "Break the circle, publish less per delivery, or raise the capacity of one of them.";
    super("SIGNALBOX_CASCADE_OVERFLOW", `${says} ${does}`);
    this.lane = lane;
    this.chain = chain;
  }
}

/** A publish ended before every lane had taken the event; its `cause` says why. */
export class PartlyAcceptedError extends SignalboxError {
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
  constructor(accepted: readonly string[], refused: readonly string[], cause: unknown) {
    const says =
      accepted.length === 0
        ? `Accepted by nobody: the wait for ${refused.join(", ")} ended.`
        : `Accepted by ${accepted.join(", ")}, not by ${refused.join(", ")}.`;
    const does = "Publish the same event object again: it goes only to those that did not take it.";
    super("SIGNALBOX_PARTLY_ACCEPTED", `${says} ${does}`, { cause });
    this.accepted = accepted;
    this.refused = refused;
  }
}

/** So many events are delayed already that this one finds no room: nothing was published. */
export class DelayedFullError extends SignalboxError {
  readonly delayedMax: number;
  constructor(delayedMax: number) {
    const does = "Publish later, cancel some by bus.delayed.cancel(id), or raise `delayedMax`.";
    super(
      "SIGNALBOX_DELAYED_FULL",
      `${delayedMax} events are delayed, as many as delayedMax allows. ${does}`,
    );
    this.delayedMax = delayedMax;
  }
}

/** What is called in the middle of a publish (a tap, a notice, a key, a stamp) published what calls it again, and so on. */
export class PublishDepthError extends SignalboxError {
  constructor(max: number) {
    const says = `publish() is nested more than ${max} deep: a tap, a notice, a key or a stamp publishes what calls it again.`;
    super("SIGNALBOX_PUBLISH_DEPTH", `${says} Publish from a subscription instead, whose hops are counted.`);
  }
}

/** `invoke` was nested too deep. */
export class InvokeDepthError extends SignalboxError {
  readonly chain: readonly string[];
  constructor(chain: readonly string[]) {
    const says = `invoke() is nested more than 64 deep (… → ${chain.slice(-4).join(" → ")}).`;
    super("SIGNALBOX_INVOKE_DEPTH", `${says} Publish the event instead, or end the recursion.`);
    this.chain = chain;
  }
}

nameErrors({
  LaneFullError,
  CascadeOverflowError,
  PartlyAcceptedError,
  DelayedFullError,
  PublishDepthError,
  InvokeDepthError,
});
