import { expect, test } from "vitest";
import type { Container } from "../../src/container/container.js";
import { plain } from "../../src/container/plain.js";
import { resolveSubscribers } from "../../src/container/resolve-all.js";
import { containerContract } from "./contract.js";
import { Ledger, Mailer, OrderMails } from "./parts.js";

containerContract({
  open(db) {
    const container = plain();
    container.provide(Ledger, new Ledger());
    if (db === undefined) return container;
    container.provide("db", db);
    container.provide(Mailer, new Mailer(db));
    return container;
  },
  inject: [Mailer],
  missing: /^OrderMails → Mailer: it has a constructor parameter and there is no container to fill it/,
});

test("says how to mend a class with constructor parameters", () => {
  expect(() => plain().resolve(OrderMails)).toThrow(
    "OrderMails: it has a constructor parameter and there is no container to fill it. Name the tokens with " +
      '@Subscriber({ inject: […] }), or give createBus a container, such as tsyringe() of "signalbox/tsyringe".',
  );
});

test("says how to provide a dependency that has constructor parameters", () => {
  expect(plain().check?.(Mailer, [OrderMails])).toEqual([
    "OrderMails → Mailer: it has a constructor parameter and there is no container to fill it. Call " +
      "container.provide(Mailer, value) on a container of plain() before bus.start(), or give createBus a " +
      'container, such as tsyringe() of "signalbox/tsyringe".',
  ]);
});

test("refuses a subclass whose parent takes parameters", () => {
  class Later extends OrderMails {}
  expect(() => plain().resolve(Later)).toThrow("Later: it has a constructor parameter");
});

test("makes a subclass that fills its parent's parameters itself", () => {
  class Faked extends OrderMails {
    constructor() {
      super({ db: { url: "fake" } });
    }
  }
  expect(plain().resolve(Faked)).toBeInstanceOf(Faked);
});

test("makes one instance of a class, however many ask", () => {
  const container = plain();
  expect(container.resolve(Ledger)).toBe(container.resolve(Ledger));
});

test("shows the circle when constructors resolve each other", () => {
  const container: Container = plain();
  class A {
    other: unknown = container.resolve(B);
  }
  class B {
    other: unknown = container.resolve(A);
  }
  expect(() => container.resolve(A)).toThrow("A → B → A: this is a circle");
});

test("asks for a name that nobody provided, with the call to add", async () => {
  const wanted = { target: Mailer, inject: ["db"], name: "Mailer" };
  const { faults } = await resolveSubscribers(plain(), [wanted]);
  expect(faults).toEqual([
    'Mailer → "db": nothing is provided under it. Call container.provide("db", value) on the container before bus.start().',
  ]);
});
