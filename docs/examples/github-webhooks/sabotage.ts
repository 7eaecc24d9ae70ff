// Loses one delivery on purpose, so that everybody can see the check find it: `npm run demo -- --sabotage`.
import { done, type Step } from "signalbox";
import type { Handling } from "./expectations.js";

/** A step that reports the victim as done and never calls its handler. */
export function dropping({ subscription, delivery: { id } }: Handling): Step {
  const step: Step = (delivery, next) => {
    const isVictim = delivery.subscription === subscription && delivery.eventId === id;
    return isVictim ? Promise.resolve(done()) : next();
  };
  step.about = "sabotage: drops one delivery";
  return step;
}
