/** What networks do to the transport: resets, silence, slowness, crumbs. */
import { describe, expect, onTestFinished, test } from "vitest";
import { because, BUSY, LEASE, ownServer, surely, SWEEP, why } from "./own-server.js";
import { group, idOf, Noted, until, wire } from "./setup.js";

const { server, between, open, bus, reading } = ownServer();

describe.skipIf(why !== undefined)(`the network${because}`, () => {
  test.each([
    ["before the server has the event", "e-1", "toServer", "before"],
    ["after the server has the event", "e-2", "toServer", "after"],
    ["before the server has the COMMIT", "COMMIT", "toServer", "before"],
    ["after the server has the COMMIT", "COMMIT", "toServer", "after"],
    ["before its answer to the COMMIT is here", "COMMIT", "toClient", "before"],
    ["before its answer to the one statement is here", "is_for_others", "toClient", "before"],
  ] as const)(
    "that resets %s leaves a publish that is repeated there once",
    async (_, text, direction, when) => {
      const sender = bus();
      await sender.start();
      const { got } = await reading("counter", { url: server().url });
      const id = text === "COMMIT" ? `commit-${direction}-${when}` : text;
      const key = text === "COMMIT" ? "k" : undefined; // without a key there is but one statement
      const sprung = between().resetAt(text, direction, when);
      await Promise.all([surely(sender, id, key), sprung]);
      await surely(sender, `${id}-last`);
      await expect.poll(() => got, { timeout: 10_000 }).toContain(`${id}-last`);
      expect(got.filter((each) => each === id)).toEqual([id]);
    },
  );

  test.each([
    ["before the server has the COMMIT", "COMMIT", "toServer", "key"],
    ["before its answer to the COMMIT is here", "COMMIT", "toClient", "key"],
    ["before the server has the one statement", "signalbox", "toServer", "none"],
    ["before its answer to the one statement is here", "is_there", "toClient", "none"],
  ] as const)(
    "that resets a settlement %s has it written again, and nothing is handed out twice",
    async (_, text, direction, order) => {
      const { transport, items } = await open();
      const name = `settled-${direction}-${order}`;
      const key = order === "key" ? "k" : undefined;
      await transport.declare(group(name, { order }));
      transport.credit(name, 1);
      await transport.send([wire(`${name}-1`, { key })]);
      await until(() => items.length === 1);
      const sprung = between().resetAt(text, direction, "before");
      const settled = transport.settle(items[0]!, { kind: "done" });
      await sprung;
      expect(await settled).toBe(direction === "toServer" ? "settled" : "stale");
      transport.credit(name, 1);
      await transport.send([wire(`${name}-2`, { key })]);
      await until(() => items.length === 2);
      expect(items.map(idOf)).toEqual([`${name}-1`, `${name}-2`]);
    },
  );

  test("that falls silent takes its deliveries from a process, whose signal aborts, and another has them in time", async () => {
    const silent = bus();
    let aborted!: () => void;
    const signalled = new Promise<void>((resolve) => (aborted = resolve));
    const began = new Promise<void>((resolve) =>
      silent.on(Noted, { name: "taken", retry: 3 }, async (_, { signal }) => {
        signal.addEventListener("abort", aborted);
        resolve();
        await signalled;
      }),
    );
    await silent.start();
    await silent.publish(new Noted({ id: "left" }), { id: "left" });
    await began;
    between().blackHole();
    onTestFinished(() => between().heal());
    const since = performance.now();
    const other = await reading("taken", { url: server().url });
    await expect.poll(() => other.got, { timeout: 10_000 }).toEqual(["left"]);
    expect(performance.now() - since).toBeLessThan(LEASE + SWEEP + BUSY);
    await signalled;
    expect(performance.now() - since).toBeLessThan(LEASE + SWEEP + BUSY);
  });

  test.each([
    ["late", { latencyMs: 3, jitterMs: 3 }],
    ["in crumbs", { sliceBytes: 7 }],
  ])("that is %s only slows: all is handled once, in the order of its key", async (how, weather) => {
    const { bus: slow, got } = await reading(`slow-${how.length}`);
    between().weather(weather);
    const ids = Array.from({ length: 20 }, (_, at) => `${how}-${at}`);
    await Promise.all(ids.map((id) => slow.publish(new Noted({ id, key: "k" }), { id })));
    await expect.poll(() => got.length, { timeout: 15_000 }).toBe(20);
    expect(got).toEqual(ids);
  });
});
