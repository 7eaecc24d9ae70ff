/** What `start()` does: finds every fault before anything runs, makes the subscribers, opens the transports. */
import { openScope } from "../container/open-scope.js";
import type { Container } from "../container/container.js";
import type { Wanted } from "../container/make.js";
import { resolveSubscribers } from "../container/resolve-all.js";
import { Delivery, type Handler } from "../delivery/delivery.js";
import type { AnyEvent } from "../event/event.js";
import { StartError, toError } from "../errors.js";
import type { Declared } from "../subscriber/declared.js";
import type { SubscriberClass } from "../subscriber/subscriber-options.js";
import type { SubscriptionOwner } from "../subscriber/subscription.js";
import type { Facilities } from "./facilities.js";
import { featureFaults, groupOf, readAhead } from "./features.js";
import { callOf } from "./handler-call.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Recorder } from "./recorder.js";
import type { Registry } from "./registry.js";
import type { Call, Route } from "./route.js";

export interface StartingParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly container: Container;
  readonly declared: readonly Declared[];
  /** What was found when the bus was made. */
  readonly faults: readonly string[];
  readonly carriages: () => readonly PortCarriage[];
}

export class Starting {
  readonly #parts: StartingParts;
  readonly #instances = new Map<SubscriberClass, object | undefined>();

  constructor(parts: StartingParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const faults = [...this.#parts.faults, ...this.#featureFaults(), ...(await this.#resolve())];
    if (faults.length > 0) throw new StartError(faults);
    await this.#open();
    for (const route of this.#parts.registry.routes) await this.join(route);
  }

  /** Makes one subscription ready: its handler, and its group where a transport keeps one. */
  async join(route: Route): Promise<void> {
    this.connect(route);
    for (const carriage of this.#carriagesOf(route)) {
      await carriage.transport.declare(groupOf(route, carriage));
      carriage.transport.credit(route.name, carriage.isStore ? readAhead(route) : Infinity);
    }
  }

  /** Gives a subscription its handler. */
  connect(route: Route): void {
    const { facilities, recorder } = this.#parts;
    route.call = callOf(route, this.#handlerOf(route), facilities, recorder);
  }

  #handlerOf({ subscription }: Route): Handler<AnyEvent> {
    const { handler, owner, scope } = subscription;
    if (owner === undefined) return handler!;
    if (owner.isStatic) return bound(owner.target, owner.method);
    return scope === "delivery"
      ? this.#scoped(owner)
      : bound(this.#instances.get(owner.target)!, owner.method);
  }

  /* A promise only where opening, the handler or the disposal take time. */
  #scoped({ target, method }: SubscriptionOwner): Call {
    const wanted = this.#wanted().find((each) => each.target === target)!;
    return async (event, delivery) => {
      const opened = await openScope(this.#parts.container, wanted, [[Delivery, delivery]]);
      try {
        return await bound(opened.subscriber, method)(event, delivery);
      } finally {
        await opened.dispose();
      }
    };
  }

  #featureFaults(): string[] {
    return [...this.#parts.registry.routes].flatMap((route) =>
      [...this.#carriagesOf(route)].flatMap((carriage) => featureFaults(route, carriage)),
    );
  }

  async #resolve(): Promise<readonly string[]> {
    const wanted = this.#wanted().filter((each) => this.#needsInstance(each.target as SubscriberClass));
    const { instances, faults } = await resolveSubscribers(this.#parts.container, wanted, [Delivery]);
    wanted.forEach((each, index) => this.#instances.set(each.target as SubscriberClass, instances[index]));
    return faults;
  }

  #needsInstance(target: SubscriberClass): boolean {
    const { handlers } = this.#parts.declared.find((each) => each.target === target)!;
    return handlers.some((handler) => !handler.isStatic);
  }

  #wanted(): Wanted[] {
    return this.#parts.declared.map(({ target, inject, name, scope }) => ({ target, inject, name, scope }));
  }

  /* What was opened is closed again where one fails, so that start() may be called once more. */
  async #open(): Promise<void> {
    const opened: PortCarriage[] = [];
    try {
      for (const carriage of this.#parts.carriages()) {
        await carriage.transport.open(carriage);
        opened.push(carriage);
      }
    } catch (error) {
      await Promise.allSettled(opened.map((carriage) => carriage.transport.close()));
      throw new StartError([`A transport could not be opened: ${toError(error).message}`], { cause: error });
    }
  }

  #carriagesOf({ subscription }: Route): Set<PortCarriage> {
    const { topics } = this.#parts.facilities;
    const own = this.#parts.carriages();
    const names = subscription.events.map((event) => topics.of(event).carriage.name);
    return new Set(own.filter((carriage) => names.includes(carriage.name)));
  }
}

function bound(receiver: object, method: string | symbol): Handler<AnyEvent> {
  const called = (receiver as Record<string | symbol, Handler<AnyEvent>>)[method]!;
  return (event, delivery) => called.call(receiver, event, delivery);
}
