/** What PostgreSQL adds to the contract: real time, several processes, connections that break. */
import { describe, expect, test } from "vitest";
import { group, idOf, noServer, setup, until, wire } from "./setup.js";

describe.skipIf(noServer !== undefined)("deliveries", () => {
  test("are settled one after the other", async () => {
    const { transport, items, states } = await setup().open();
    await transport.declare(group("reader"));
    transport.credit("reader", 10);
    await transport.send([wire("a"), wire("b")]);
    await until(() => items.length === 2);
    void (await Promise.race([
      transport.settle(items[0]!, { kind: "done" }),
      new Promise((r) => setTimeout(r, 2000)),
    ]));
    expect(states).toEqual([]);
    expect(await transport.settle(items[1]!, { kind: "done" })).toBe("settled");
    expect(items.map(idOf)).toEqual(["a", "b"]);
    expect(await transport.store.groups()).toMatchObject([{ group: "reader", waiting: 0, consumers: 1 }]);
  });
});
