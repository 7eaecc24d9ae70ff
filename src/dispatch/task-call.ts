/** How the handler of a task is called: not where nobody wants its result any more, and with its output schema after it. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

import type { Handler } from "../delivery/delivery.js";
import { drop, isOutcome } from "../delivery/outcome.js";
import { InvalidResultError } from "../errors.js";
import { definitionOf } from "../event/definition.js";
import type { AnyEvent } from "../event/event.js";
import { isThenable } from "../runtime/thenable.js";
import type { Subscription } from "../subscriber/subscription.js";
import { replacementIn } from "../task/task-delivery.js";
import { KeptRun } from "./kept-run.js";
import type { Call } from "./route.js";
import { TaskAttempt } from "./task-attempt.js";

/** The handler as it is where it handles events; of a task, inside its steps and its timeout, what is said above. */
export function taskCall({ events }: Subscription, handler: Handler<AnyEvent>): Handler<AnyEvent> {
  const { task, name } = definitionOf(events[0]!);
  if (task === undefined) return handler;
  const { output } = task;
  const checked = output === undefined ? handler : parsed(handler, name, output);
  return (event, delivery) => {
    const begun = (why: string | undefined): unknown =>
      why === undefined ? checked(event, delivery) : drop(why);
    const why = delivery instanceof TaskAttempt ? delivery.run.begins() : undefined;
    return isThenable(why) ? why.then(begun) : begun(why);
  };
}

/** Around everything that makes up a call: what a store is to keep of its result is kept before anything is settled. */
export function keptCall(call: Call): Call {
  return (event, delivery) => {
    const run = delivery instanceof TaskAttempt ? delivery.run : undefined;
    const answer: unknown = call(event, delivery);
    if (!(run instanceof KeptRun)) return answer;
    const kept = async (given: unknown): Promise<unknown> => (await run.keeps(given), given);
    return isThenable(answer) ? answer.then(kept) : kept(answer);
  };
}

/* A promise only where something is left to wait for. */
function parsed(handler: Handler<AnyEvent>, name: string, output: StandardSchemaV1): Handler<AnyEvent> {
  const checked = (result: StandardSchemaV1.Result<unknown>): unknown => {
    if (result.issues) throw new InvalidResultError(name, result.issues);
    return result.value;
  };
  const parse = (answer: unknown): unknown => {
    if (isOutcome(answer) || replacementIn(answer) !== undefined) return answer;
    const result = output["~standard"].validate(answer);
    return isThenable(result) ? result.then(checked) : checked(result);
  };
  return (event, delivery) => {
    const answer = handler(event, delivery);
    return isThenable(answer) ? answer.then(parse) : parse(answer);
  };
}
