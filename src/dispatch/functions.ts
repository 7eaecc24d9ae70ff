/** Functions as subscriptions: of events, of a task, of whoever follows the bus. */
import type { Policies } from "../delivery/policies.js";
import { checkOptions, refuse } from "../runtime/options.js";
import { type FunctionGiven, subscriptionOf } from "../subscriber/subscription.js";
import type { Facilities } from "./facilities.js";
import { refuseStored } from "./features.js";
import { subscriptionOptions } from "./policy-options.js";
import type { Registry } from "./registry.js";
import type { Route } from "./route.js";
import type { Starting } from "./starting.js";
import { type Undo, undoOf } from "./undo.js";

export interface FunctionParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly starting: Starting;
  readonly defaults: Policies;
}

export class Functions {
  readonly #parts: FunctionParts;
  #count = 0;

  constructor(parts: FunctionParts) {
    this.#parts = parts;
  }

  /** `label` begins the name of a follower, which has no name of its own. */
  add(given: Omit<FunctionGiven, "name">, label: string | undefined, isStarted: boolean): Undo {
    const { facilities, registry, starting, defaults } = this.#parts;
    const { by = "bus.on()", events, options, handler } = given;
    refuse(checkOptions("options", options, subscriptionOptions));
    if (typeof handler !== "function") throw noFunction(by);
    const first = ([events].flat() as readonly { readonly eventName?: string }[])[0];
    const name = `${label ?? first?.eventName ?? "event"}#${++this.#count}`;
    if (label !== undefined) refuseStored(events, facilities.topics);
    const route = registry.add(subscriptionOf({ ...given, name }, defaults));
    if (isStarted) this.#refuseLacking(route);
    starting.join(route);
    return undoOf(() => registry.remove(route));
  }

  /* After the start there is nobody else to find the faults. */
  #refuseLacking(route: Route): void {
    const faults = this.#parts.starting.faultsOf(route);
    if (faults.length > 0) this.#parts.registry.remove(route);
    refuse(faults);
  }
}

function noFunction(by: "bus.on()" | "bus.handle()"): TypeError {
  const does = by === "bus.on()" ? "bus.on(Event, options, handler)" : "bus.handle(Task, options, handler)";
  return new TypeError(`Expected the handler to be a function. Write ${does}.`);
}
