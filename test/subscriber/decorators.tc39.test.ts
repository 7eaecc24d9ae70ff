import { expect, test } from "vitest";
import { On } from "../../src/subscriber/on.js";
import { Subscriber } from "../../src/subscriber/subscriber.js";
import { subscriptionsOf } from "../../src/subscriber/declared.js";
import { Base as LegacyBase } from "./decorated.js";
import { decoratorsBehave } from "./decorators.shared.js";
import { load } from "./dialects.js";
import { OrderPlaced, OrderReturned } from "./events.js";

for (const dialect of ["esbuild, TC39", "tsc, TC39"] as const) {
  decoratorsBehave(dialect, await load(dialect));
}

test("a #private method is a TypeError that says what to do", () => {
  const define = (): unknown => {
    class OrderMails {
      // @ts-expect-error #private
      @On(OrderPlaced)
      #send(): void {}
      send(): void {
        this.#send();
      }
    }
    return OrderMails;
  };
  expect(define).toThrow(TypeError);
  expect(define).toThrow(
    "@On(shop.order.placed) on #send: the bus calls a handler by name. Write it without #.",
  );
});

test("an accessor is a TypeError that says what to do", () => {
  const define = (): unknown => {
    class OrderMails {
      // @ts-expect-error an accessor is no method
      @On(OrderPlaced)
      accessor send = (): void => undefined;
    }
    return OrderMails;
  };
  expect(define).toThrow("handlers are methods, and this is an accessor");
});

test("a compiler whose decorators have no metadata is named as the reason", () => {
  const context = {
    kind: "method",
    name: "send",
    static: false,
    private: false,
    addInitializer: () => undefined,
  };
  expect(() => On(OrderPlaced)(() => undefined, context as never)).toThrow("got no context.metadata");
  expect(() => Subscriber()(class {}, { ...context, kind: "class" } as never)).toThrow(
    "got no context.metadata",
  );
});

test("a class of one dialect inherits from a base of the other", () => {
  @Subscriber({ retry: 7 })
  class Mixed extends LegacyBase {
    note(): string {
      return "mixed";
    }
    @On(OrderReturned)
    override replaced(): string {
      return "mixed";
    }
  }
  const { handlers, policies, faults } = subscriptionsOf(Mixed);
  expect(handlers.map(({ name, events }) => `${name} ${events[0]?.eventName}`)).toEqual([
    "Mixed.nightly clock.midnight",
    "Mixed.kept shop.order.placed",
    "Mixed.shipped shop.order.shipped",
    "Mixed.replaced shop.order.returned",
    "Mixed.tally shop.order.cancelled",
  ]);
  expect(policies).toEqual({ lane: "slow", retry: 7 });
  expect(faults).toEqual([]);
});
