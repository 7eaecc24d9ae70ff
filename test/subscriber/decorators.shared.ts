/** What marked classes say, whichever compiler made them: one body for every dialect of decorators. */
import { describe, expect, test } from "vitest";
import { type Declared, subscriptionsOf } from "../../src/subscriber/declared.js";
import type { SubscriberClass } from "../../src/subscriber/subscriber-options.js";
import type * as Decorated from "./decorated.js";

/** Runs the body on the classes of decorated.ts as one dialect made them. */
export function decoratorsBehave(dialect: string, classes: typeof Decorated): void {
  describe(`decorators (${dialect})`, () => {
    describe("what is written down", () => {
      whatIsWrittenDown(classes);
    });
    describe("names", () => {
      names(classes);
    });
    describe("inheritance", () => {
      inheritance(classes);
    });
    describe("mistakes", () => {
      mistakes(classes);
    });
  });
}

function setup(target: SubscriberClass): Declared & { lines: readonly string[]; names: readonly string[] } {
  const declared = subscriptionsOf(target);
  const lines = declared.handlers.map(({ method, isStatic, events }) => {
    return `${isStatic ? "static " : ""}${String(method)}: ${events.map((event) => event.eventName).join(", ")}`;
  });
  return { ...declared, lines, names: declared.handlers.map(({ name }) => name) };
}

function whatIsWrittenDown({
  Batching,
  OrderMails,
  Unnamed,
  Named,
  Mailer,
  MarkedHandle,
}: typeof Decorated): void {
  test("every mark is read, top to bottom, those of instances before static ones", () => {
    expect(setup(OrderMails).lines).toEqual([
      "sendReceipt: shop.order.placed",
      "count: shop.order.placed, shop.order.cancelled",
      "moved: shop.order.shipped",
      "moved: shop.order.returned",
      "moved: clock.midnight",
      "Symbol(audit): clock.midnight",
      "static audit: shop.order.shipped",
    ]);
    expect(setup(OrderMails).faults).toEqual([]);
  });

  test("@OnBatch is a mark like the others, with its size and wait apart from the options", () => {
    const { lines, names: said, handlers, faults } = setup(Batching);
    expect([said, faults]).toEqual([["Batching.many", "Batching.one", "Batching.moves"], []]);
    expect(lines[2]).toBe("static moves: shop.order.shipped, shop.order.returned");
    expect(handlers.map(({ batch, options }) => [batch, options])).toEqual([
      [{ size: 2, wait: "5ms" }, { retry: 3 }],
      [undefined, {}],
      [{ size: 9, wait: 1 }, { name: "moves" }],
    ]);
  });

  test("a class says its policies, tokens and scope", () => {
    const { policies, inject, scope } = setup(OrderMails);
    expect(policies).toEqual({ lane: "mail", retry: 3 });
    expect(inject).toEqual([Mailer]);
    expect(scope).toBe("bus");
    expect(setup(Named)).toMatchObject({ scope: "delivery", policies: {}, inject: undefined });
  });

  test("a mark is frozen, with a copy of the options that it was given", () => {
    const { handlers } = setup(OrderMails);
    const options = handlers.map((handler) => handler.options);
    expect(options[0]).toEqual({ timeout: "10s" });
    expect(options[1]).toEqual({});
    expect([...handlers, ...options].every((each) => Object.isFrozen(each))).toBe(true);
  });

  test("a marked method is still an ordinary method", () => {
    const mails = new OrderMails(new Mailer());
    expect(mails.sendReceipt({ orderId: "o-1" } as never, undefined as never)).toBe("o-1 sent");
    expect(Object.keys(OrderMails)).toEqual([]);
    expect(Object.keys(OrderMails.prototype)).toEqual([]);
  });

  test("a class needs no @Subscriber", () => {
    expect(setup(Unnamed).lines).toEqual(["first: shop.order.placed", "second: shop.order.shipped"]);
    expect(setup(Unnamed)).toMatchObject({ name: "Unnamed", policies: {}, inject: undefined, scope: "bus" });
  });

  test("handle() of `static on` counts beside its own marks", () => {
    expect(setup(MarkedHandle).lines).toEqual(["handle: shop.order.shipped", "handle: shop.order.placed"]);
    expect(setup(MarkedHandle).names).toEqual(["MarkedHandle.handle", "MarkedHandle.handle#2"]);
  });
}

function names({ OrderMails, Named, BadNames }: typeof Decorated): void {
  test("a name is the class and the method, numbered where one method has several unnamed marks", () => {
    expect(setup(OrderMails).names).toEqual([
      "OrderMails.sendReceipt",
      "OrderMails.count",
      "OrderMails.moved",
      "OrderMails.back",
      "OrderMails.moved#2",
      "OrderMails.audit",
      "OrderMails.audit#2",
    ]);
  });

  test("a name is derived unless both its parts are given", () => {
    expect(setup(Named).names).toEqual(["mails.receipt", "mails.ship"]);
    expect(setup(Named).handlers.map((handler) => handler.derived)).toEqual([false, true]);
    expect(setup(OrderMails).handlers.map((handler) => handler.derived)).not.toContain(false);
  });

  test("a given name that stores could not take is a fault", () => {
    expect(setup(BadNames).faults).toEqual([
      expect.stringMatching(
        /^Expected the name of @On of BadNames\.receipt to be 1 to 16 tokens .*"not a name"/,
      ),
    ]);
  });
}

function inheritance(classes: typeof Decorated): void {
  const { Base, Leaf, OtherLeaf, OwnTokens, OwnConstructor, Mailer } = classes;

  test("a base's marks apply to every subclass, under the subclass's name", () => {
    expect(setup(OtherLeaf).names).toEqual([
      "OtherLeaf.nightly",
      "OtherLeaf.kept",
      "OtherLeaf.shipped",
      "OtherLeaf.replaced",
      "OtherLeaf.tally",
    ]);
    expect(setup(OtherLeaf).faults).toEqual([]);
  });

  test("a subclass does not change what its base or its siblings say", () => {
    expect(setup(Base).names).toEqual([
      "base.nightly",
      "base.kept",
      "base.shipped",
      "base.replaced",
      "base.tally",
    ]);
    expect(setup(Base).policies).toEqual({ lane: "slow", retry: 2 });
  });

  test("an override without marks keeps the base's and one with marks replaces them", () => {
    expect(setup(Leaf).lines).toEqual([
      "nightly: clock.midnight",
      "kept: shop.order.placed",
      "kept: shop.order.shipped",
      "replaced: shop.order.returned",
      "added: shop.order.shipped",
      "static tally: shop.order.cancelled",
    ]);
  });

  test("the method that runs is the override, on the subclass", () => {
    const leaf = new Leaf() as unknown as Record<string, () => string>;
    expect(
      setup(Leaf)
        .handlers.slice(0, 4)
        .map(({ method }) => leaf[String(method)]?.()),
    ).toEqual(["base leaf", "leaf", "leaf", "leaf"]);
    expect(Leaf.tally()).toBe("Leaf");
  });

  test("policies and scope are inherited, the nearer class wins", () => {
    expect(setup(Leaf)).toMatchObject({ policies: { lane: "slow", retry: 5 }, scope: "delivery" });
    expect(setup(OtherLeaf)).toMatchObject({ policies: { lane: "slow", retry: 2 }, scope: "delivery" });
  });

  test("tokens are inherited with the constructor that they are of", () => {
    expect(setup(OtherLeaf).inject).toEqual([Mailer]);
    expect(setup(OwnTokens).inject).toEqual([]);
    expect(setup(OwnConstructor).inject).toBeUndefined();
  });
}

function mistakes({ mistakes: refused, Twice }: typeof Decorated): void {
  test.each<[keyof typeof refused, RegExp]>([
    [
      "field",
      /^@On\(shop\.order\.placed\) on .*send: handlers are methods, and this is a field\. Write send\(/,
    ],
    ["getter", /on .*send: handlers are methods, and this is (a getter|an accessor)\./],
    ["onAClass", /^@On\(shop\.order\.placed\) marks methods, not classes/],
    ["bareOn", /^@On needs its event: write @On\(Event\), with parentheses/],
    [
      "circularImport",
      /^Expected the event of @On of .*send to be an event class.* got `undefined`.* in a circle/,
    ],
    ["noEvents", /^@On of .*send names no event: the list is empty/],
    [
      "severalWithoutArray",
      /^Expected the options of @On of .*send to be an object.* @On\(\[A, B\], options\)/,
    ],
    ["bareSubscriber", /^@Subscriber on Mails lacks parentheses: write @Subscriber\(\)/],
    ["subscriberOnAMethod", /^@Subscriber marks classes\. Mark methods with @On\(Event\)/],
    ["twoSubscribers", /^Mails has two @Subscriber\. Keep one/],
    ["circularToken", /^Expected token 2 in inject of @Subscriber of Mails .* got `undefined`.* in a circle/],
  ])("%s is a TypeError that says what to do", (mistake, says) => {
    expect(refused[mistake]).toThrow(TypeError);
    expect(refused[mistake]).toThrow(says);
  });

  test("all events that are not event classes are named at once", () => {
    expect(refused.oneOfThree).toThrow(
      /event 2 of @On of .*send .*\n.*event 3 of @On of .*not an instance of it/,
    );
  });

  test("one method for one event twice is a fault", () => {
    expect(setup(Twice).faults).toEqual([
      "Twice.handle handles shop.order.placed twice: name the event once for the method.",
    ]);
  });
}
