/** Two versions of an application on one store: subscriptions and events that only one of them knows. */
import { expect, test } from "vitest";
import { type Bus, Event } from "signalbox";
import { group, idOf, Noted, until, wire } from "../support/kept-items.js";
import { describeStores } from "./places.js";

class Old extends Event("upgrade.order")<{ id: string; euros: number }> {}
class New extends Event("upgrade.order", {
  version: 2,
  upcast: (data) => ({ id: (data as Old).id, cents: (data as Old).euros * 100 }),
})<{ id: string; cents: number }> {}
class Renamed extends Event("upgrade.order-placed", { aliases: ["upgrade.named"] })<{ id: string }> {}
class Named extends Event("upgrade.named")<{ id: string }> {}

/** A bus that only makes its group known, and keeps nothing running. */
async function declared(bus: Bus, event: typeof Noted | typeof Named, name: string): Promise<void> {
  bus.on(event as typeof Noted, { name }, () => undefined);
  await bus.start();
  bus.lanes.get(name)!.pause();
}

async function letters(bus: Bus, count: number) {
  for (;;) {
    const found = await bus.deadLetters.list();
    if (found.length >= count) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describeStores("a subscription that no bus has any more", (setup) => {
  test("is listed as orphaned with its backlog, which grows until it is removed", async () => {
    const { bus: made } = setup();
    const old = made();
    await declared(old, Noted, "old-name");
    await old.close();
    const bus = made();
    bus.on(Noted, { name: "new-name" }, () => undefined);
    await bus.start();
    for (const id of ["a", "b"]) await bus.publish(new Noted({ id }));
    await bus.idle();
    const orphaned = async () => (await bus.subscriptions.list()).filter((each) => each.orphaned);
    const [entry, ...more] = await orphaned();
    expect([entry, more]).toMatchObject([{ name: "old-name", events: [], lane: undefined, waiting: 2 }, []]);
    expect(entry!.oldestAt).toBeInstanceOf(Date);
    await bus.subscriptions.remove("old-name");
    expect(await orphaned()).toEqual([]);
    expect((await bus.subscriptions.list()).map(({ name }) => name)).toEqual(["new-name"]);
  });

  test("is not removed while another bus consumes it", async () => {
    const { bus: made } = setup();
    const [one, two] = [made(), made()];
    await declared(one, Noted, "reader");
    await two.start();
    await until(() => one.lanes.get("reader") !== undefined);
    await one.publish(new Noted({ id: "a" }));
    const other = async () => (await two.subscriptions.list()).find(({ name }) => name === "reader");
    while ((await other())!.orphaned) await new Promise((resolve) => setImmediate(resolve));
    expect(await other()).toMatchObject({ lane: undefined, orphaned: false });
    await expect(two.subscriptions.remove("reader")).rejects.toThrow("Another bus consumes reader.");
    await one.subscriptions.remove("reader"); // its own
    expect(await two.subscriptions.list()).toEqual([]);
  });

  test("hands its backlog to whoever takes its old name again", async () => {
    const { bus: made } = setup();
    const old = made();
    await declared(old, Noted, "mails.receipt");
    await old.publish(new Noted({ id: "a" }));
    await old.close();
    const got: string[] = [];
    const next = made();
    next.on(Noted, { name: "mails.receipt" }, ({ id }) => void got.push(id));
    await next.start();
    await until(() => got.length === 1);
    expect(got).toEqual(["a"]);
  });
});

describeStores("old and new versions side by side", (setup) => {
  test("the new one brings old data up; what is too new for the old one is replayed by the new one", async () => {
    const { bus: made } = setup();
    const got: unknown[] = [];
    const old = made();
    old.on(Old, { name: "books" }, (event) => void got.push({ ...event }));
    await old.start();
    const sender = made();
    await sender.start();
    await sender.publish(new New({ id: "o-2", cents: 500 }));
    const [tooNew] = await letters(old, 1);
    expect([tooNew!.reason, new TextDecoder().decode(tooNew!.raw)]).toEqual([
      "schema",
      '{"id":"o-2","cents":500}',
    ]);
    expect(String(tooNew!.attempts[0]!.error)).toContain("has version 2, this program knows 1");
    await old.close();
    const next = made();
    next.on(New, { name: "books" }, (event) => void got.push({ ...event }));
    await next.start();
    const [letter] = await next.deadLetters.list({ events: New });
    expect(letter!.event).toEqual(new New({ id: "o-2", cents: 500 }));
    await next.deadLetters.replay(letter!);
    const late = made();
    await late.start();
    await late.publish(new Old({ id: "o-1", euros: 3 }));
    await until(() => got.length === 2);
    expect(got).toEqual([
      { id: "o-2", cents: 500 },
      { id: "o-1", cents: 300 },
    ]);
  });

  test("one whose subscription lacks the event keeps it as a dead letter, for the other to replay", async () => {
    const { bus: made } = setup();
    const got: unknown[] = [];
    const books = { name: "books" };
    const next = made();
    next.on([Noted, Named], books, (event) => void got.push(event));
    await next.start();
    next.lanes.get("books")!.pause();
    await next.publish(new Named({ id: "o-1" }));
    await next.close();
    const old = made();
    old.on(Noted, books, (event) => void got.push(event));
    old.on(Named, { name: "others" }, () => undefined); // it knows the class
    await old.start();
    const [letter] = await letters(old, 1);
    expect([letter!.subscription, letter!.reason, letter!.event, got]).toEqual([
      "books",
      "schema",
      new Named({ id: "o-1" }),
      [],
    ]);
    expect(String(letter!.attempts[0]!.error)).toContain("books does not subscribe to upgrade.named here.");
    await old.close();
    const last = made();
    last.on([Noted, Named], books, (event) => void got.push(event));
    await last.start();
    await last.deadLetters.replay((await last.deadLetters.list())[0]!);
    await until(() => got.length === 1);
    expect(got).toEqual([new Named({ id: "o-1" })]);
  });

  test("an event under a new name keeps what waits under the old one, by its alias", async () => {
    const { bus: made } = setup();
    const old = made();
    await declared(old, Named, "books");
    await old.publish(new Named({ id: "o-1" }));
    await old.close();
    const got: unknown[] = [];
    const next = made();
    next.on(Renamed, { name: "books" }, (event) => void got.push(event));
    await next.start();
    await until(() => got.length === 1);
    expect(got).toEqual([new Renamed({ id: "o-1" })]);
  });

  test("a subscription that the old one does not know has its own share, and none of the old one's", async () => {
    const { bus: made } = setup();
    const got: string[] = [];
    const old = made();
    old.on(Noted, { name: "mails" }, ({ id }) => void got.push(`mails ${id}`));
    await old.start();
    const next = made();
    next.on(Noted, { name: "statistics" }, ({ id }) => void got.push(`statistics ${id}`));
    await next.start();
    await old.publish(new Noted({ id: "a" }));
    await until(() => got.length === 2);
    expect(got.toSorted()).toEqual(["mails a", "statistics a"]);
  });
});

describeStores("the names that a group is bound to", (setup) => {
  const [OLD, NEW] = [["noted"], ["noted", "added"]];

  /* Processes on one store, which are handed nothing before they ask. */
  function processes() {
    const { open } = setup();
    return async () => {
      const { transport, items, sleep, wake } = await open({ lease: 600 });
      const declare = (events: string[]) => transport.declare(group("books", { events }));
      const send = (id: string, name = "added") => transport.send([wire(id, { name })]);
      const consumers = async () => (await transport.store.groups())[0]!.consumers;
      return { transport, items, declare, send, consumers, sleep, wake };
    };
  }

  test("has what any consumer of it wants, whoever declared last, and goes with the last and a declare", async () => {
    const opened = processes();
    const [next, old] = [await opened(), await opened()];
    await next.declare(NEW);
    await old.declare(OLD);
    await old.send("wanted");
    await next.transport.close();
    await old.send("still bound");
    const again = await opened();
    await again.declare(OLD);
    await again.send("unbound");
    const back = await opened();
    await back.declare(NEW);
    await back.send("bound again");
    back.transport.credit("books", 10);
    await until(() => back.items.length === 3);
    expect(back.items.map(idOf)).toEqual(["wanted", "still bound", "bound again"]);
  });

  test("has no say for a process that was killed and given up", async () => {
    const opened = processes();
    const killed = await opened();
    await killed.declare(NEW);
    killed.sleep();
    const old = await opened();
    await old.declare(OLD);
    await until(async () => (await old.consumers()) === 1);
    await old.declare(OLD);
    await old.send("unbound");
    await old.send("bound", "noted");
    old.transport.credit("books", 10);
    await until(() => old.items.length > 0);
    expect(old.items.map(idOf)).toEqual(["bound"]);
  });

  test("has it again for a process that was given up and lives", async () => {
    const opened = processes();
    const [slow, old] = [await opened(), await opened()];
    await slow.declare(NEW);
    await old.declare(OLD);
    slow.sleep();
    await until(async () => (await old.consumers()) === 1);
    await old.declare(OLD);
    slow.wake();
    await until(async () => (await old.consumers()) === 2);
    await old.declare(OLD);
    await old.send("wanted");
    slow.transport.credit("books", 10);
    await until(() => slow.items.length === 1);
    expect(slow.items.map(idOf)).toEqual(["wanted"]);
  });
});
