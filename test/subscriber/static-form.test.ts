import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { subscriptionsOf } from "../../src/subscriber/declared.js";
import type { SubscriberClass } from "../../src/subscriber/subscriber-options.js";
import { Midnight, OrderCancelled, OrderPlaced } from "./events.js";

function setup(target: SubscriberClass): {
  names: readonly string[];
  places: readonly unknown[];
  faults: readonly string[];
} {
  const { handlers, faults } = subscriptionsOf(target);
  const places = handlers.map(({ events, isStatic }) => ({
    isStatic,
    events: events.map((event) => event.eventName),
  }));
  return { names: handlers.map(({ name }) => name), places, faults };
}

test("`static on` and handle() are a subscription", () => {
  class OrderMails {
    static readonly on = OrderPlaced;
    handle(_event: OrderPlaced): void {}
  }
  expect(setup(OrderMails)).toEqual({
    names: ["OrderMails.handle"],
    places: [{ isStatic: false, events: ["shop.order.placed"] }],
    faults: [],
  });
});

test("several events are one subscription", () => {
  class OrderMails {
    static readonly on = [OrderPlaced, OrderCancelled];
    handle(_event: OrderPlaced | OrderCancelled): void {}
  }
  expect(setup(OrderMails).places).toEqual([
    { isStatic: false, events: ["shop.order.placed", "shop.order.cancelled"] },
  ]);
});

test("a static handle() does without an instance, and may stand beside one", () => {
  class Alone {
    static readonly on = Midnight;
    static handle(): void {}
  }
  class Both {
    static readonly on = Midnight;
    handle(): void {}
    static handle(): void {}
  }
  expect(setup(Alone).places).toEqual([{ isStatic: true, events: ["clock.midnight"] }]);
  expect(setup(Both).places).toMatchObject([{ isStatic: false }, { isStatic: true }]);
  expect(setup(Both).faults).toEqual([]);
  expect(setup(Both).names).toEqual(["Both.handle", "Both.handle#2"]);
});

test("a subclass inherits the form and may change its events", () => {
  abstract class Base {
    static readonly on: typeof OrderPlaced | typeof Midnight = OrderPlaced;
    handle(): void {}
  }
  class Same extends Base {}
  class Other extends Base {
    static override readonly on = Midnight;
  }
  expect(setup(Same)).toMatchObject({ names: ["Same.handle"], places: [{ events: ["shop.order.placed"] }] });
  expect(setup(Other)).toMatchObject({ names: ["Other.handle"], places: [{ events: ["clock.midnight"] }] });
});

test("a class without handlers is a fault", () => {
  class OrderMails {}
  expect(setup(OrderMails).faults).toEqual([
    "OrderMails has no handlers: mark a method with @On(Event) or @Handles(Task), or give it `static readonly on` and `handle()`.",
  ]);
});

test("`static on` without handle() is a fault", () => {
  class OrderMails {
    static readonly on = OrderPlaced;
  }
  expect(setup(OrderMails).faults).toEqual([
    "OrderMails has `static on` but no method handle(): write handle(event) { ... }.",
  ]);
});

test("`static on` that is undefined, as in a circular import, is a fault that says so", () => {
  class OrderMails {
    static readonly on = undefined;
    handle(): void {}
  }
  expect(setup(OrderMails).faults).toEqual([
    expect.stringMatching(
      /^Expected the event of `static on` of OrderMails .* got `undefined`.* in a circle/,
    ),
  ]);
});

test("a method named on, own or inherited, is not taken for events", () => {
  class Own {
    static on(): void {}
    handle(): void {}
  }
  class Inherited extends EventEmitter {
    handle(): void {}
  }
  expect(setup(Own).faults).toEqual([expect.stringContaining("Own has no handlers")]);
  expect(setup(Inherited).faults).toEqual([expect.stringContaining("Inherited has no handlers")]);
});

test("a class that hides its name, or has none, is called anonymous", () => {
  class Hidden {
    static readonly name = 3;
    static readonly on = Midnight;
    handle(): void {}
  }
  expect(setup(Hidden as unknown as SubscriberClass).names).toEqual(["anonymous.handle"]);
  const [nameless] = [
    class {
      static readonly on = Midnight;
      handle(): void {}
    },
  ];
  expect(setup(nameless!).names).toEqual(["anonymous.handle"]);
});

test.each([
  [undefined, /got `undefined`\. Modules that import each other in a circle/],
  [{ handle: () => undefined }, /got .* \(object\)\. Name the class itself/],
  [() => undefined, /got .* \(function\)\. Name the class itself/],
])("what is no class (%s) is a fault that says so", (target, says) => {
  const { faults, places } = setup(target as unknown as SubscriberClass);
  expect(faults).toEqual([expect.stringMatching(says)]);
  expect(places).toEqual([]);
});
