/** How the handler of a subscription is called: plainly where nothing stands around it, through its pipeline otherwise. */
import type { Delivery, Handler } from "../delivery/delivery.js";
import { done, isOutcome } from "../delivery/outcome.js";
import type { AnyEvent } from "../event/event.js";
import { compose, type Core } from "../pipeline/compose.js";
import { timeout } from "../pipeline/timeout.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Recorder } from "./recorder.js";
import type { Call, Route } from "./route.js";

/** Puts the steps of the subscription and its timeout around the handler; without either it stays as it is. */
export function callOf(
  route: Route,
  handler: Handler<AnyEvent>,
  facilities: Facilities,
  recorder: Recorder,
): Call {
  const steps = route.subscription.options.steps ?? [];
  const { timeout: policy } = route;
  if (steps.length === 0 && policy === undefined) return handler;
  const core: Core = async (delivery) => {
    const answer = await handler(delivery.event as AnyEvent, delivery as Delivery<AnyEvent>);
    if (isOutcome(answer)) return answer;
    (delivery as AttemptDelivery).ticket.publication.follower?.takes(answer);
    return done();
  };
  const timed = policy === undefined ? core : timedCore(core, route, facilities, recorder);
  const run = compose(steps, timed, facilities.runtime.handOver);
  return (_event, delivery) => run(delivery);
}

function timedCore(core: Core, route: Route, { timers }: Facilities, recorder: Recorder): Core {
  const policy = route.timeout!;
  return (delivery: Delivery) => {
    const attempt = delivery as AttemptDelivery;
    const { ticket } = attempt;
    const told = {
      subscription: route.name,
      abort: (reason: Error) => attempt.abort(reason),
      onStuck: () => (attempt.isOver ? undefined : recorder.stuck(ticket)),
      onLate: (error: unknown) => recorder.late(ticket, error, attempt),
    };
    attempt.timed();
    return timeout(() => core(delivery), told, { policy, timers });
  };
}
