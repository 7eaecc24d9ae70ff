/** A rolling deploy: two versions of an event class, each in a bus of its own, hand each other what they have sent. */
import { describe, expect, test } from "vitest";
import { Event, type EventClass } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { ShelfStore } from "./transports.js";

/** As the old release has it. */
class OldOrder extends Event("shop.order", { version: 1 })<{ id: string; euros: number }> {}
/** As the new release has it: renamed, and in cents. */
class NewOrder extends Event("shop.order-placed", {
  version: 2,
  aliases: ["shop.order"],
  upcast: (old: { id: string; euros: number }) => ({ id: old.id, cents: old.euros * 100 }),
})<{ id: string; cents: number }> {}

/** A release: a bus on a store of its own, with one subscription. */
async function release(order: EventClass, retry = 1) {
  const store = new ShelfStore();
  const { bus, time } = virtualBus({ transport: store });
  const seen: unknown[] = [];
  bus.on(order, { name: "ledger", retry }, (event) => void seen.push({ ...event }));
  await bus.start();
  /** Publishes, and takes what the store got off its shelf again. */
  const send = async (event: InstanceType<EventClass>) => {
    const shelf = store.shelf("ledger");
    const { credit } = shelf;
    shelf.credit = 0;
    await bus.publish(event);
    shelf.credit = credit;
    return shelf.waiting.pop()!.envelope;
  };
  const receive = async (envelope: Awaited<ReturnType<typeof send>>): Promise<void> => {
    store.put("ledger", envelope);
    await time.rest();
  };
  return { bus, store, seen, send, receive };
}

describe("while old and new run side by side", () => {
  test("the new release reads what the old one sends, under its old name and brought up to date", async () => {
    const [older, newer] = await Promise.all([release(OldOrder), release(NewOrder)]);
    await newer.receive(await older.send(new OldOrder({ id: "o-1", euros: 3 })));
    expect(newer.seen).toEqual([{ id: "o-1", cents: 300 }]);
    expect(newer.store.settled.map(({ settlement }) => settlement.kind)).toEqual(["done"]);
  });

  test("what the old release does not know yet is a dead letter at once, tried once however often it may be", async () => {
    class Later extends Event("shop.order", { version: 2 })<{ id: string; cents: number }> {}
    const [older, newer] = await Promise.all([release(OldOrder, 5), release(Later)]);
    await older.receive(await newer.send(new Later({ id: "o-1", cents: 300 })));
    expect(older.seen).toEqual([]);
    expect(older.store.settled.map(({ settlement }) => settlement)).toMatchObject([
      { kind: "deadLetter", reason: "schema" },
    ]);
    const [letter] = await older.bus.deadLetters.list({ reason: "schema" });
    expect(new TextDecoder().decode(letter!.raw)).toBe('{"id":"o-1","cents":300}');
    expect(letter!.attempts[0]!.error).toMatchObject({ code: "SIGNALBOX_NEWER_VERSION", known: 1 });
  });

  test("a new name that the old release does not know is a dead letter, too, with its bytes", async () => {
    const [older, newer] = await Promise.all([release(OldOrder, 5), release(NewOrder)]);
    await older.receive(await newer.send(new NewOrder({ id: "o-1", cents: 300 })));
    expect(older.seen).toEqual([]);
    const [letter] = await older.bus.deadLetters.list({ reason: "schema" });
    expect(letter!.attempts[0]!.error).toMatchObject({
      code: "SIGNALBOX_UNKNOWN_EVENT",
      event: "shop.order-placed",
    });
  });

  test("each reads its own in the meantime", async () => {
    const [older, newer] = await Promise.all([release(OldOrder), release(NewOrder)]);
    await older.receive(await older.send(new OldOrder({ id: "o-1", euros: 3 })));
    await newer.receive(await newer.send(new NewOrder({ id: "o-2", cents: 5 })));
    expect(older.seen).toEqual([{ id: "o-1", euros: 3 }]);
    expect(newer.seen).toEqual([{ id: "o-2", cents: 5 }]);
  });
});
