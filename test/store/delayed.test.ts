/** What is published for later on one store: listed, moved and cancelled by any bus, whatever has been restarted. */
import { expect, test } from "vitest";
import { Noted, until } from "../support/kept-items.js";
import { describeStores } from "./places.js";

describeStores("what is published for later", (setup) => {
  test("a delayed event is the store's: it survives a restart, and any bus lists, moves and cancels it", async () => {
    const { bus: made } = setup();
    const first = made();
    await first.start();
    first.on(Noted, { name: "reader" }, () => undefined);
    await first.publish(new Noted({ id: "b" }), { id: "b", delay: "2h" });
    await first.publish(new Noted({ id: "a" }), { id: "a", delay: "3h" });
    await first.publish(new Noted({ id: "c" }), { id: "c", delay: "1h" });
    expect([first.delayed.size, first.atRisk]).toEqual([0, 0]); // nothing waits in this process
    await first.close();
    const got: string[] = [];
    const next = made();
    next.on(Noted, { name: "reader" }, ({ id }) => void got.push(id));
    await next.start();
    const ids = async () => (await next.delayed.list()).map(({ id, event }) => `${event} ${id}`);
    expect(await ids()).toEqual(["noted c", "noted b", "noted a"]);
    expect(await next.delayed.cancel("c")).toBe(true);
    expect(await next.delayed.move("a", "1h")).toBe(true);
    expect(await ids()).toEqual(["noted a", "noted b"]);
    expect(await next.delayed.move("b", 1)).toBe(true);
    await until(() => got.length === 1);
    expect([got, await next.delayed.cancel("b"), await next.delayed.cancel("nobody")]).toEqual([
      ["b"],
      false, // it was claimed
      false,
    ]);
  });

  test("what a store keeps for later is asked for while it is open", async () => {
    const { bus: made } = setup();
    const bus = made();
    await expect(bus.delayed.list()).rejects.toMatchObject({ code: "SIGNALBOX_NOT_STARTED" });
    await expect(bus.delayed.cancel("a")).rejects.toMatchObject({ code: "SIGNALBOX_NOT_STARTED" });
  });
});
