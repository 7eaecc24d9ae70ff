/** The core of the pipeline: steps around a handler, the first outermost. */
import { NextTwiceError } from "../errors.js";
import type { Delivery } from "../delivery/delivery.js";
import type { Outcome } from "../delivery/outcome.js";
import type { Step } from "../delivery/step.js";
import type { HandOver } from "../runtime/hand-over.js";

/** What stands in the middle: runs the handler and gives its outcome, or rejects with what it threw. */
export type Core = (delivery: Delivery) => Promise<Outcome>;

/** One function of all steps and the core; without steps it is the core itself. */
export function compose(steps: readonly Step[], core: Core, handOver: HandOver | undefined): Core {
  return steps.reduceRight<Core>((inner, step) => around(step, inner, handOver), core);
}

function around(step: Step, inner: Core, handOver: HandOver | undefined): Core {
  return async function stepped(delivery) {
    let isNextCalled = false;
    const next = (): Promise<Outcome> => {
      const rest = isNextCalled
        ? Promise.reject<Outcome>(new NextTwiceError(delivery.subscription))
        : inner(delivery);
      isNextCalled = true;
      rest.catch(() => undefined); // a step that does not await it must not end the process
      return rest;
    };
    if (handOver !== undefined) await handOver("step", delivery.subscription);
    return step(delivery, next);
  };
}
