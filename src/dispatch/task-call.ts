/** How the handler of a task is called: what it answers is the result, once the output schema has taken it. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

import type { Handler } from "../delivery/delivery.js";
import { drop, isOutcome } from "../delivery/outcome.js";
import { InvalidResultError } from "../errors.js";
import { definitionOf } from "../event/definition.js";
import type { AnyEvent } from "../event/event.js";
import { isThenable } from "../runtime/thenable.js";
import type { Subscription } from "../subscriber/subscription.js";
import { replacementIn } from "../task/task-delivery.js";
import { TaskAttempt } from "./task-attempt.js";

/** The handler as it is where it handles events; of a task, inside its steps and its timeout, it keeps the result. */
export function resultKept({ events }: Subscription, handler: Handler<AnyEvent>): Handler<AnyEvent> {
  const { task, name } = definitionOf(events[0]!);
  if (task === undefined) return handler;
  return (event, delivery) => {
    if (!(delivery instanceof TaskAttempt)) return handler(event, delivery);
    const why = delivery.run.begins();
    if (why !== undefined) return drop(why);
    const answer = handler(event, delivery);
    const taken = (value: unknown): unknown => take(value, delivery, { name, output: task.output });
    return isThenable(answer) ? answer.then(taken) : taken(answer);
  };
}

interface Wanted {
  readonly name: string;
  readonly output: StandardSchemaV1 | undefined;
}

/* A promise only where something is left to wait for. */
function take(answer: unknown, attempt: TaskAttempt, { name, output }: Wanted): unknown {
  if (isOutcome(answer)) return answer;
  const work = replacementIn(answer);
  if (work !== undefined) return attempt.run.replaces(work, attempt);
  if (output === undefined) return attempt.run.answers(answer);
  const parsed = output["~standard"].validate(answer);
  const checked = (result: StandardSchemaV1.Result<unknown>): void => {
    if (result.issues) throw new InvalidResultError(name, result.issues);
    attempt.run.answers(result.value);
  };
  return isThenable(parsed) ? parsed.then(checked) : checked(parsed);
}
