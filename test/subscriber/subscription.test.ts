import { expect, test } from "vitest";
import type { Policies } from "../../src/delivery/policies.js";
import type { Step } from "../../src/delivery/step.js";
import { subscriptionsOf } from "../../src/subscriber/declared.js";
import { On } from "../../src/subscriber/on.js";
import { Subscriber } from "../../src/subscriber/subscriber.js";
import { type Subscription, subscriptionOf, subscriptionsFrom } from "../../src/subscriber/subscription.js";
import { Midnight, OrderPlaced } from "./events.js";

function step(about: string): Step {
  return Object.assign((_: unknown, next: () => ReturnType<Step>) => next(), { about });
}

function setup(defaults: Policies): { readonly all: readonly Subscription[]; readonly target: unknown } {
  @Subscriber({ name: "mails", lane: "mail", retry: 3, scope: "delivery", steps: [step("class")] })
  class OrderMails {
    @On(OrderPlaced, { name: "receipt", retry: 5, timeout: undefined, steps: [step("on")] })
    send(): void {}
    @On([OrderPlaced, Midnight], { lane: { concurrency: 1 } })
    static audit(): void {}
  }
  return { all: subscriptionsFrom(subscriptionsOf(OrderMails), defaults), target: OrderMails };
}

test("what is set nearer to the handler wins: @On, the class, the bus", () => {
  const { all } = setup({ retry: 1, timeout: "10s", grace: "2s" });
  expect(all[0]?.options).toMatchObject({
    lane: "mail",
    retry: 5,
    timeout: "10s",
    grace: "2s",
    name: "receipt",
  });
  expect(all[1]?.options).toMatchObject({ lane: { concurrency: 1 }, retry: 3, timeout: "10s" });
});

test("an option that is undefined does not hide the one around it", () => {
  expect(setup({ timeout: "10s" }).all[0]?.options.timeout).toBe("10s");
});

test("steps follow each other: of the bus, of the class, of @On", () => {
  const { all } = setup({ steps: [step("bus")] });
  expect(all[0]?.options.steps?.map(({ about }) => about)).toEqual(["bus", "class", "on"]);
  expect(all[1]?.options.steps?.map(({ about }) => about)).toEqual(["bus", "class"]);
});

test("a subscription says what to call, for what, and in which lane", () => {
  const { all, target } = setup({});
  expect(all).toMatchObject([
    { name: "mails.receipt", derived: false, events: [OrderPlaced], lane: "mail", scope: "delivery" },
    { name: "mails.audit", derived: true, events: [OrderPlaced, Midnight], lane: { concurrency: 1 } },
  ]);
  expect(all.map(({ owner }) => owner)).toEqual([
    { target, method: "send", isStatic: false },
    { target, method: "audit", isStatic: true },
  ]);
  expect(all.every(({ handler }) => handler === undefined)).toBe(true);
});

test("a subscription is frozen, with its options", () => {
  const [first] = setup({}).all;
  expect(Object.isFrozen(first) && Object.isFrozen(first?.options)).toBe(true);
});

test("the defaults of the bus and the options of a mark stay as they were given", () => {
  const defaults = { steps: [step("bus")] };
  setup(defaults);
  expect(defaults.steps).toHaveLength(1);
  expect(Object.isFrozen(defaults)).toBe(false);
});

test("a function has the name that it is given, or the one of the bus", () => {
  const handler = (): void => undefined;
  const given = { events: OrderPlaced, handler, name: "shop.order.placed#1" };
  expect(subscriptionOf({ ...given, options: { retry: 2 } }, { timeout: "1s" })).toEqual({
    name: "shop.order.placed#1",
    derived: true,
    events: [OrderPlaced],
    lane: undefined,
    options: { retry: 2, timeout: "1s" },
    scope: "bus",
    owner: undefined,
    handler,
  });
  const named = subscriptionOf({ ...given, options: { name: "audit" } }, {});
  expect(named).toMatchObject({ name: "audit", derived: false });
});

test("a function for what is no event class is refused with every fault", () => {
  const given = { events: [Midnight, undefined as never], handler: () => undefined, name: "n#1" };
  const subscribe = (): unknown => subscriptionOf({ ...given, options: { name: "no name" } }, {});
  expect(subscribe).toThrow(TypeError);
  expect(subscribe).toThrow(/event 2 of bus\.on\(\) .*in a circle.*\n.*the name of bus\.on\(\)/);
});
