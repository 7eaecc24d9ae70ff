import { expect, test, vi } from "vitest";
import { subscriptionsOf } from "../../src/subscriber/declared.js";
import { On } from "../../src/subscriber/on.js";
import { OnBatch } from "../../src/subscriber/on-batch.js";
import { Subscriber } from "../../src/subscriber/subscriber.js";
import { METADATA } from "../../src/subscriber/symbol-metadata.js";
import { Midnight, OrderPlaced } from "./events.js";

const MARKS = Symbol.for("signalbox.marks");

async function secondCopy(): Promise<{ readonly On: typeof On; readonly Subscriber: typeof Subscriber }> {
  vi.resetModules();
  const { On: otherOn } = await import("../../src/subscriber/on.js");
  const { Subscriber: otherSubscriber } = await import("../../src/subscriber/subscriber.js");
  return { On: otherOn, Subscriber: otherSubscriber };
}

test("marks of a second copy of the library are seen", async () => {
  const other = await secondCopy();
  expect(other.On).not.toBe(On);
  @other.Subscriber({ name: "mails" })
  class OrderMails {
    @other.On(OrderPlaced)
    theirs(): void {}
    @On(Midnight)
    ours(): void {}
  }
  expect(subscriptionsOf(OrderMails).handlers.map(({ name }) => name)).toEqual([
    "mails.theirs",
    "mails.ours",
  ]);
});

test("marks of another version are a fault that names both", () => {
  class OrderMails {}
  Object.defineProperty(OrderMails.prototype, MARKS, {
    value: { version: 2, handlers: [{ method: "send", isStatic: false, events: [], options: {} }] },
  });
  expect(subscriptionsOf(OrderMails).handlers).toEqual([]);
  expect(subscriptionsOf(OrderMails).faults).toEqual([
    "OrderMails was marked by another version of signalbox (marks 2, here 1). " +
      "Install one version only: `npm ls signalbox` lists those in use.",
  ]);
});

test("a class that another version has marked cannot be marked further", () => {
  class OrderMails {
    send(): void {}
  }
  Object.defineProperty(OrderMails.prototype, MARKS, { value: { version: 2, handlers: [] } });
  const descriptor = Object.getOwnPropertyDescriptor(OrderMails.prototype, "send")!;
  const mark = (): unknown => On(OrderPlaced)(OrderMails.prototype, "send", descriptor);
  expect(mark).toThrow(TypeError);
  expect(mark).toThrow("OrderMails.send was marked by another version of signalbox (marks 2, here 1)");
});

test("Symbol.metadata is there, the same for every compiler, and cannot be changed", () => {
  expect(METADATA).toBe((Symbol as unknown as { readonly metadata: symbol }).metadata);
  expect(Object.getOwnPropertyDescriptor(Symbol, "metadata")).toMatchObject({
    writable: false,
    configurable: false,
  });
});

test("an override that is no method is a fault", () => {
  class Base {
    @On(OrderPlaced)
    send(): void {}
  }
  class OrderMails extends Base {}
  Object.defineProperty(OrderMails.prototype, "send", { value: 3 });
  expect(subscriptionsOf(OrderMails).faults).toEqual([
    "OrderMails.send is marked as a handler but overridden by something that is no method. Write a method.",
  ]);
});

test("a method that a decorator has replaced by a getter, to bind it, stays a handler", () => {
  const bound = (_: object, __: string, { value }: PropertyDescriptor): PropertyDescriptor => {
    return { get: () => value as unknown, configurable: true };
  };
  class OrderMails {
    @bound
    @On(OrderPlaced)
    send(): void {}
  }
  expect(subscriptionsOf(OrderMails)).toMatchObject({ faults: [], handlers: [{ name: "OrderMails.send" }] });
});

test("one decorator value can mark several methods", () => {
  const onMidnight = On(Midnight);
  class Nightly {
    @onMidnight
    first(): void {}
    @onMidnight
    second(): void {}
  }
  expect(subscriptionsOf(Nightly).handlers.map(({ name }) => name)).toEqual([
    "Nightly.first",
    "Nightly.second",
  ]);
});

test("a name or a scope that cannot be is a fault", () => {
  @Subscriber({ name: "order mails", scope: "request" as never })
  class OrderMails {
    @On(Midnight, { name: "n" })
    nightly(): void {}
  }
  expect(subscriptionsOf(OrderMails).faults).toEqual([
    expect.stringMatching(/^Expected the name of @Subscriber of OrderMails to be .*"order mails"/),
    expect.stringMatching(
      /^Expected the scope of @Subscriber of OrderMails to be "bus" or "delivery".*"request"/,
    ),
    expect.stringMatching(
      /^Expected the name of the subscription of OrderMails\.nightly to be .*"order mails\.n"/,
    ),
  ]);
});

test("two good parts that are too long together are a fault", () => {
  @Subscriber({ name: `${"a".repeat(64)}.${"b".repeat(60)}` })
  class OrderMails {
    @On(Midnight, { name: "nightly" })
    nightly(): void {}
  }
  expect(subscriptionsOf(OrderMails).faults).toEqual([
    expect.stringMatching(
      /^Expected the name of the subscription of OrderMails\.nightly to be .* \(128 bytes at most\)/,
    ),
  ]);
});

test("a parameter is no place for @On", () => {
  const define = (): unknown => {
    class OrderMails {
      // @ts-expect-error a parameter is no method
      send(@On(OrderPlaced) _event: OrderPlaced): void {}
    }
    return OrderMails;
  };
  expect(define).toThrow(TypeError);
  expect(define).toThrow("OrderMails.send marks methods, not parameters. Put it in front of the method.");
});

test("a static method is no place for @Subscriber", () => {
  const define = (): unknown => {
    class OrderMails {
      // @ts-expect-error a method is no class
      @Subscriber()
      static send(): void {}
    }
    return OrderMails;
  };
  expect(define).toThrow("@Subscriber marks classes. Mark methods with @On(Event).");
});

test.each([
  ["mails", /^Expected the options of @Subscriber of OrderMails to be an object, got `"mails"` \(string\)/],
  [{ inject: "db" }, /^Expected inject of @Subscriber of OrderMails to be an array of tokens, got `"db"`/],
])("@Subscriber(%j) is a TypeError that says what it takes", (options, says) => {
  const define = (): unknown => Subscriber(options as never)(class OrderMails {});
  expect(define).toThrow(TypeError);
  expect(define).toThrow(says);
});

test("@OnBatch wants a size and a wait, and an event, at once and in one message", () => {
  const define = (events: unknown, options: unknown) => () => {
    class Batching {
      many(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Batching.prototype, "many")!;
    (OnBatch as (...args: unknown[]) => MethodDecorator)(events, options)(
      Batching.prototype,
      "many",
      descriptor,
    );
  };
  expect(define(OrderPlaced, { size: 0, wait: "soon" })).toThrow(
    "Expected `the options of @OnBatch of Batching.many.size` to be an integer from 1 up, got `0` (number).",
  );
  expect(define(OrderPlaced, undefined)).toThrow(/size.*\n.*wait/);
  expect(define(undefined, { size: 1, wait: 1 })).toThrow(/@OnBatch of Batching.many.*event class/);
});
