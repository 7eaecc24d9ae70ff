/** The step that a test bus puts around every handler: what it gets, whether it runs, what is known of it meanwhile. */
import { type AnyEvent, type Delivery, done, type Publish, type Step } from "../index.js";
import type { AtWork } from "./at-work.js";
import type { Gate } from "./gate.js";
import type { Story } from "./story.js";

export interface StepParts {
  readonly story: Story;
  readonly gate: Gate;
  readonly atWork: AtWork;
  /** What the handler gets in an event's place. */
  readonly handedOut: (event: AnyEvent) => AnyEvent;
  /** Publishing for a subscription. */
  readonly publishOf: (publish: Publish, subscription: string) => Publish;
  /** Events that `invoke` is running. */
  readonly invoked: { has(event: AnyEvent): boolean };
}

/** Outermost of all steps. */
export function aroundHandlers(parts: StepParts): Step {
  const { story, gate, atWork } = parts;
  const testBus: Step = async (delivery, next) => {
    const isInvoked = parts.invoked.has(carriedBy(delivery));
    hand(delivery, parts);
    if (gate.isMuted(delivery.subscription)) {
      story.muted(delivery.eventId, delivery.subscription);
      return done();
    }
    if (gate.isManual && !isInvoked) await gate.turn(delivery);
    const end = atWork.begin(delivery);
    try {
      return isInvoked ? await invoked(delivery, next, story) : await next();
    } finally {
      end();
    }
  };
  testBus.about = "test bus: records, and runs what the mode lets run";
  return testBus;
}

/* The delivery's own properties stand before the getters of its class. */
function hand(delivery: Delivery, { story, handedOut, publishOf }: StepParts): void {
  const event = handedOut(carriedBy(delivery));
  const publish = publishOf(delivery.publish, delivery.subscription);
  Object.defineProperties(delivery, { event: { value: event }, publish: { value: publish } });
  story.handed(delivery.eventId, delivery.subscription, event);
}

/* Nobody tells of these: they have no lane. */
async function invoked(delivery: Delivery, next: Parameters<Step>[1], story: Story): ReturnType<Step> {
  const { eventId, subscription } = delivery;
  const event = carriedBy(delivery);
  try {
    const outcome = await next();
    story.invoked({ eventId, subscription, event, error: undefined }, false);
    return outcome;
  } catch (error) {
    story.invoked({ eventId, subscription, event, error }, true);
    throw error;
  }
}

/* A task is carried as an event. */
function carriedBy(delivery: Delivery): AnyEvent {
  return delivery.event as AnyEvent;
}
