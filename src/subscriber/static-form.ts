/** The form without decorators: `static readonly on = OrderPlaced` and `handle(event, delivery)`. */
import type { Handler } from "../delivery/delivery.js";
import type { EventOf, Events, Refused } from "../event/event.js";
import { eventFaults, listOf } from "./events-given.js";
import type { HandlerMark } from "./marks.js";
import type { SubscriberClass } from "./subscriber-options.js";

/** `unknown` where every `handle()` of the class takes the events of its `static on`, otherwise what is wrong. */
export type StaticCheck<C> = [StaticFault<C>] extends [never] ? unknown : StaticFault<C>;

/* Of a union of classes the faults of all: one that is right must not excuse the others. */
type StaticFault<C> = C extends { readonly on: infer On extends Events; readonly prototype: infer I }
  ? [HandleOf<I> | HandleOf<C>] extends [never]
    ? Refused<["static on needs a handle() that takes", EventOf<On>]>
    : [HandleOf<I> | HandleOf<C>] extends [Handler<EventOf<On>>]
      ? never
      : Refused<["handle() must take", EventOf<On>]>
  : never;

type HandleOf<T> = T extends { readonly handle: infer H } ? H : never;

const METHOD = "handle";

/** What `static on` and `handle()` say together. */
export interface StaticForm {
  readonly marks: readonly HandlerMark[];
  readonly faults: readonly string[];
}

/** Reads the form from a class; a class that does not use it gives nothing. `isAlone` where it has no marks beside it. */
export function staticForm(target: SubscriberClass, label: string, isAlone: boolean): StaticForm {
  const on: unknown = "on" in target ? target.on : undefined;
  const places = [false, true].filter((isStatic) => hasHandle(isStatic ? target : target.prototype));
  const faults = eventFaults(`\`static on\` of ${label}`, on);
  if (faults.length > 0) return { marks: [], faults: places.length > 0 && isMeant(target) ? faults : [] };
  if (places.length === 0) return { marks: [], faults: [noHandle(label)] };
  // The form dictates the method's name, so that alone it counts as given: only the class's follows the code.
  const options = isAlone && places.length === 1 ? { name: METHOD } : {};
  const mark = { method: METHOD, events: listOf(on as Events), options };
  return { marks: places.map((isStatic) => ({ ...mark, isStatic })), faults: [] };
}

function hasHandle(holder: object): boolean {
  return METHOD in holder && typeof holder[METHOD] === "function";
}

// A method named `on`, or an `on` inherited from such as EventEmitter, is somebody else's; an own field is not.
function isMeant(target: SubscriberClass): boolean {
  return Object.prototype.propertyIsEnumerable.call(target, "on");
}

function noHandle(label: string): string {
  return `${label} has \`static on\` but no method handle(): write handle(event) { ... }.`;
}
