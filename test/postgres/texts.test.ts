/** What a publisher, a handler or the role may have put in the way: texts and settings that tables cannot have, or have otherwise. */
import type { WireEnvelope } from "signalbox";
import { describe, expect, test } from "vitest";
import { url } from "../support/postgres-schemas.js";
import { group, idOf, noServer, setup, until, wire } from "./setup.js";

async function withReader(options = {}) {
  const opened = await setup().open(options);
  await opened.transport.declare(group("reader", { order: "key", inboxMs: 60_000 }));
  opened.transport.credit("reader", 100);
  return opened;
}

const LONG = Array.from({ length: 2_601 }, (_, at) => ((at * 7_919) % 36).toString(36)).join("");

describe.skipIf(noServer !== undefined)("a text that an index of PostgreSQL cannot have", () => {
  test.each([
    ["a lone surrogate", "a\uD800"],
    ["U+0000", "a\0b"],
    ["2,601 bytes", LONG],
  ])("such as %s is refused as id and as key, by name, and holds up nobody", async (_, text) => {
    const { transport, items } = await withReader({ dedupeWindow: 0 });
    await expect(transport.send([wire(text)])).rejects.toThrow("Expected the id of an event to be");
    const asKey = transport.send([wire("a", { key: text })]);
    await expect(asKey).rejects.toThrow("Expected the key of an event to be");
    const most = LONG.slice(1);
    await transport.send([wire(most, { key: most })]);
    await until(() => items.length === 1);
    expect(items.map(idOf)).toEqual([most]);
    expect(await transport.settle(items[0]!, { kind: "done" })).toBe("settled");
  });

  test("is refused in a dead letter that is edited, which stays", async () => {
    const { transport, items } = await withReader();
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    await transport.settle(items[0]!, { kind: "deadLetter", reason: "failed" });
    const [letter] = await transport.store.deadLetters({});
    const edited = transport.store.redrive(letter!.id, wire("a", { key: "a\0b" }));
    await expect(edited).rejects.toThrow("Expected the key of an event to be");
    expect(await transport.store.deadLetters({})).toHaveLength(1);
  });

  test("is replaced in the reason of a dead letter, which is settled", async () => {
    const { transport, items } = await withReader();
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    expect(await transport.settle(items[0]!, { kind: "deadLetter", reason: "not\0so" })).toBe("settled");
    expect(await transport.store.deadLetters({})).toMatchObject([{ reason: "not\uFFFDso" }]);
  });
});

describe.skipIf(noServer !== undefined)("a role whose bytea_output is escape", () => {
  test("has the same bodies", async () => {
    const options = encodeURIComponent("-c bytea_output=escape");
    const { transport, items } = await withReader({ url: `${url}?options=${options}` });
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await transport.send([wire("a", { body }), wire("b", { body: new TextEncoder().encode("\\x41") })]);
    await until(() => items.length === 2);
    expect(items.map(({ envelope }) => [...((envelope as WireEnvelope).body as Uint8Array)])).toEqual([
      [...body],
      [92, 120, 52, 49],
    ]);
  });
});
