import { describe, expect, test } from "vitest";
import { memory, type Transport } from "../../src/index.js";
import { behaves } from "./behaviours.js";
import { PortedMemory } from "./transports.js";

const ways: Readonly<Record<string, () => Transport>> = {
  "memory, straight": () => memory(),
  "memory, through its port": () => new PortedMemory(),
  "memory, serialising": () => new PortedMemory({ features: { serialises: true } }),
  "memory, whose send answers before its items arrive": () => new PortedMemory({ isLazy: true }),
  "memory, slow to hand over": () =>
    new PortedMemory({ beforeDeliver: () => new Promise((resolve) => setImmediate(resolve)) }),
};

describe.each(Object.entries(ways))("%s", (_, transport) => {
  behaves(transport);
});

describe("the memory transport by itself", () => {
  const group = { order: "none", audience: "one", start: "now", inboxMs: 0 } as const;
  const envelope = {
    id: "1",
    name: "a.b",
    key: undefined,
    priority: 3,
    dueAt: undefined,
    expiresAt: undefined,
    headers: {},
    body: {},
  };

  test("every group with the event's name gets one item, and no other group", async () => {
    const got: string[] = [];
    const transport = memory();
    await transport.open({
      deliver: (item) => void got.push(`${item.group} ${item.failures} ${item.deliveries}`),
      lost: () => undefined,
      changed: () => undefined,
    });
    await transport.declare({ ...group, name: "one", events: ["a.b", "c"] });
    await transport.declare({ ...group, name: "two", events: ["a.b"] });
    await transport.declare({ ...group, name: "two", events: ["a.b"] });
    await transport.declare({ ...group, name: "three", events: ["a"] });
    expect(await transport.send([envelope])).toEqual(["accepted"]);
    expect(got).toEqual(["one 0 1", "two 0 1"]);
  });

  test("a group that is declared while items are handed over gets what is sent next", async () => {
    const got: string[] = [];
    const transport = memory();
    await transport.open({
      deliver: async (item) => {
        got.push(item.group);
        await transport.declare({ ...group, name: "late", events: ["a.b"] });
      },
      lost: () => undefined,
      changed: () => undefined,
    });
    await transport.declare({ ...group, name: "one", events: ["a.b"] });
    await transport.send([envelope]);
    expect(got).toEqual(["one"]);
    await transport.send([envelope]);
    expect(got).toEqual(["one", "one", "late"]);
  });

  test("after a close it can be opened again, without its groups", async () => {
    const got: string[] = [];
    const sink = { deliver: () => void got.push("item"), lost: () => undefined, changed: () => undefined };
    const transport = memory();
    await transport.open(sink);
    await transport.declare({ ...group, name: "one", events: ["a.b"] });
    await transport.close();
    await transport.send([envelope]);
    await transport.open(sink);
    await transport.send([envelope]);
    expect(got).toEqual([]);
  });
});
