/** What is due, while others are at it: a new group, or an open transaction. */
import { postgres } from "signalbox/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { processRuntime } from "../../src/runtime/runtime.js";
import { Sleeper } from "../../src/testing/contract/sleeper.js";
import { opened } from "../support/kept-items.js";
import { url } from "../support/postgres-schemas.js";
import { group, idOf, noServer, setup, until, wire } from "./setup.js";

/* A transport whose process can fall silent. */
async function sleeping(schema: string) {
  const sleeper = new Sleeper(processRuntime);
  const made = await opened(postgres({ url, schema }).runOn(sleeper.runtime.host));
  onTestFinished(() => sleeper.wake());
  return { ...made, sleep: () => sleeper.sleep(), wake: () => sleeper.wake() };
}

describe.skipIf(noServer !== undefined)("what is due and nobody has admitted", () => {
  test("is there whole for a group that begins with the earliest event", async () => {
    const { open, schema, pool } = setup();
    const { transport, items } = await open({ keepEvents: "1m" });
    await transport.declare(group("first"));
    await transport.send([wire("a", { dueAt: Date.now() + 3_600_000 })]);
    const hand = pool();
    for (const table of ["envelopes", "deliveries"])
      await hand.query(`UPDATE "${schema}".${table} SET due_at = 1`);
    await transport.declare(group("second", { start: "earliest" }));
    for (const name of ["first", "second"]) transport.credit(name, 10);
    await until(() => items.length === 2);
    expect(items.map((item) => `${item.group} ${idOf(item)}`).toSorted()).toEqual(["first a", "second a"]);
  });

  test("is not asked for without a pause while somebody else has it", async () => {
    const { open, schema, pool } = setup();
    const hand = pool();
    const own = pool();
    let asked = 0;
    own.on("acquire", () => asked++);
    const { transport, items } = await open({ pool: own });
    await transport.declare(group("reader"));
    await transport.send([wire("a", { dueAt: Date.now() + 3_600_000 })]);
    const other = await hand.connect();
    onTestFinished(() => other.release());
    await other.query(`UPDATE "${schema}".deliveries SET due_at = 1`);
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM "${schema}".deliveries FOR UPDATE`);
    transport.credit("reader", 1);
    await until(() => asked > 3);
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(asked - before).toBeLessThan(20);
    await other.query("COMMIT");
    await until(() => items.length === 1);
  });
});

describe.skipIf(noServer !== undefined)("a process that fell silent", () => {
  test("is given up though an open transaction has published to a group of its own", async () => {
    const { open, schema, pool } = setup();
    const hand = pool();
    const out = `FROM "${schema}".deliveries WHERE state = 2`;
    const dead = await sleeping(schema);
    const live = await open({ lease: "600ms", poll: 50 });
    for (const { transport } of [dead, live]) {
      await transport.declare(group("shared", { events: ["shared"] }));
      await transport.declare(group("own", { audience: "each" }));
    }
    dead.transport.credit("shared", 1);
    await dead.transport.send([wire("a", { name: "shared" })]);
    await until(() => dead.items.length === 1);
    const other = await hand.connect();
    onTestFinished(() => other.release());
    await other.query("BEGIN");
    await live.transport.send([wire("b")], { transaction: other });
    dead.sleep();
    await hand.query(`UPDATE "${schema}".consumers SET lease_until = 0 WHERE id = (SELECT owner ${out})`);
    live.transport.credit("shared", 1);
    await until(() => live.items.length === 1);
    expect(live.items.map(idOf)).toEqual(["a"]);
    await other.query("COMMIT");
    await until(async () => (await live.transport.store.groups()).length === 2); // the group of the silent one has gone
    dead.wake();
  });
});
