/** What `start()` does: finds every fault before anything runs, makes the subscribers, opens the transports. */
import { openScope } from "../container/open-scope.js";
import type { Container } from "../container/container.js";
import type { Wanted } from "../container/make.js";
import { resolveSubscribers } from "../container/resolve-all.js";
import { Delivery, type Handler } from "../delivery/delivery.js";
import { definitionOf } from "../event/definition.js";
import type { AnyEvent } from "../event/event.js";
import { StartError, toError } from "../errors.js";
import type { Declared } from "../subscriber/declared.js";
import type { SubscriberClass } from "../subscriber/subscriber-options.js";
import type { SubscriptionOwner } from "../subscriber/subscription.js";
import type { BatchHandler } from "./batch.js";
import { joining } from "./batches.js";
import type { Carriages } from "./carriages.js";
import type { Facilities } from "./facilities.js";
import { featureFaults, groupFaults, transactionFaults } from "./features.js";
import { callOf } from "./handler-call.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Recorder } from "./recorder.js";
import type { Registry } from "./registry.js";
import { keptCall, taskCall } from "./task-call.js";
import type { Topic } from "./topics.js";
import type { Call, Route } from "./route.js";
import type { Transactions } from "./transactions.js";
import { threadFaults, threadHandler, unmovable } from "./thread-handler.js";

export interface StartingParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly container: Container;
  readonly declared: readonly Declared[];
  /** What was found when the bus was made, and what is wrong with its schedules. */
  readonly faults: () => readonly string[];
  readonly carriages: Carriages;
  readonly transactions: Transactions;
}

export class Starting {
  readonly #parts: StartingParts;
  readonly #instances = new Map<SubscriberClass, object | undefined>();
  #isGoing = false;

  constructor(parts: StartingParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { faults, registry } = this.#parts;
    const lacking = Array.from(registry.routes, (route) => this.faultsOf(route)).flat();
    const threadless = await threadFaults(registry.lanes.values());
    const found = [
      ...faults(),
      ...lacking,
      ...threadless,
      ...this.#unhandledTasks(),
      ...(await this.#resolve()),
    ];
    if (found.length > 0) throw new StartError(found);
    try {
      await this.#open();
      await this.#declare();
    } catch (error) {
      await this.shut();
      throw error;
    }
  }

  /* Those that the bus knows: they were named in its options, or run before the start. */
  #unhandledTasks(): string[] {
    const topics = [...this.#parts.facilities.topics.all()].filter(
      ({ definition, routing, carriage }) =>
        definition.task !== undefined && routing.routes.length === 0 && !carriage.isStore,
    );
    const does = "Mark a method with @Handles, or call bus.handle(), before start().";
    return topics.map(({ definition }) => `No handler takes task ${definition.name}. ${does}`);
  }

  /** Lets the transports hand out what they have. */
  go(): void {
    this.#isGoing = true;
    for (const route of this.#parts.registry.routes)
      for (const port of this.#portsOf(route)) port.credit(route);
  }

  /** Closes what is open, so that `start()` may be called once more. */
  async shut(): Promise<void> {
    await Promise.allSettled(this.#parts.carriages.ports.map((port) => port.close()));
  }

  /** What the transports of a subscription lack, or its lane. */
  faultsOf(route: Route): string[] {
    const lacking = this.#portsOf(route).flatMap((port) => [
      ...featureFaults(route, port.name, port.transport.features),
      ...groupFaults(route, port.transport),
    ]);
    const { carriages } = this.#parts;
    return [...lacking, ...unmovable(route), ...transactionFaults(route, (each) => carriages.of(each))];
  }

  /** Makes a subscription ready that comes later; one that a transport refuses is taken out again. */
  join(route: Route): void {
    this.connect(route);
    for (const port of this.#portsOf(route)) if (port.isOpen) void this.#joined(route, port);
  }

  async #joined(route: Route, port: PortCarriage): Promise<void> {
    const { registry, facilities } = this.#parts;
    try {
      await port.declare(route);
      if (this.#isGoing && registry.route(route.name) === route) port.credit(route);
    } catch (error) {
      registry.remove(route);
      facilities.log.declareFailed(route.name, error);
    }
  }

  /** Gives a subscription its handler. */
  connect(route: Route): void {
    const { facilities, recorder, transactions } = this.#parts;
    const handler = taskCall(route.subscription, this.#handlerOf(route));
    const call = callOf(route, handler, facilities, recorder);
    const isKept = route.subscription.events.some((event) => isKeptTask(facilities.topics.of(event)));
    if (route.subscription.options.transaction === true) route.call = transactions.around(call);
    else route.call = isKept ? keptCall(call) : call;
  }

  #handlerOf(route: Route): Handler<AnyEvent> {
    const { handler, owner, scope, batch } = route.subscription;
    if (route.lane.threads !== undefined) return threadHandler(route, route.lane.threads);
    if (owner === undefined) return handler!;
    if (owner.isStatic && batch === undefined) return bound(owner.target, owner.method);
    if (batch !== undefined) return joining(this.#boundBatch(owner));
    return scope === "delivery"
      ? this.#scoped(owner)
      : bound(this.#instances.get(owner.target)!, owner.method);
  }

  #boundBatch({ target, method, isStatic }: SubscriptionOwner): BatchHandler {
    const receiver = isStatic ? target : this.#instances.get(target)!;
    return bound(receiver, method) as unknown as BatchHandler;
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

  async #resolve(): Promise<readonly string[]> {
    const wanted = this.#wanted().filter((each) => this.#needsInstance(each.target as SubscriberClass));
    const { instances, faults } = await resolveSubscribers(this.#parts.container, wanted, [Delivery]);
    wanted.forEach((each, index) => this.#instances.set(each.target as SubscriberClass, instances[index]));
    return faults;
  }

  #needsInstance(target: SubscriberClass): boolean {
    const { handlers } = this.#parts.declared.find((each) => each.target === target)!;
    const runsHere = (name: string): boolean => this.#parts.registry.route(name)?.lane.threads === undefined;
    return handlers.some(({ name, isStatic }) => !isStatic && runsHere(name));
  }

  #wanted(): Wanted[] {
    return this.#parts.declared.map(({ target, inject, name, scope }) => ({ target, inject, name, scope }));
  }

  async #open(): Promise<void> {
    const opens = this.#parts.carriages.ports.map((port) =>
      faultOf(port.open(), `Transport ${port.name} could not be opened`),
    );
    refuseAll(await Promise.all(opens));
  }

  async #declare(): Promise<void> {
    const declares = Array.from(this.#parts.registry.routes, (route) => {
      this.connect(route);
      return this.#portsOf(route).map((port) =>
        faultOf(port.declare(route), `${route.name} could not be declared on transport ${port.name}`),
      );
    });
    refuseAll(await Promise.all(declares.flat()));
  }

  #portsOf({ subscription }: Route): readonly PortCarriage[] {
    return this.#parts.carriages.portsOf(subscription.events.map((event) => definitionOf(event)));
  }
}

function isKeptTask({ definition, carriage }: Topic): boolean {
  return definition.task !== undefined && carriage.shelf !== undefined;
}

interface Fault {
  readonly says: string;
  readonly error: unknown;
}

async function faultOf(work: Promise<void>, what: string): Promise<Fault | undefined> {
  try {
    return await work.then(() => undefined);
  } catch (error) {
    return { says: `${what}: ${toError(error).message}`, error };
  }
}

function refuseAll(found: readonly (Fault | undefined)[]): void {
  const faults = found.filter((each) => each !== undefined);
  if (faults.length === 0) return;
  throw new StartError(
    faults.map((each) => each.says),
    { cause: faults[0]!.error },
  );
}

function bound(receiver: object, method: string | symbol): Handler<AnyEvent> {
  const called = (receiver as Record<string | symbol, Handler<AnyEvent>>)[method]!;
  return (event, delivery) => called.call(receiver, event, delivery);
}
