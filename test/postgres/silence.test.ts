/** Connections that fall silent: nothing comes through, and nobody says so. */
import { describe, expect, onTestFinished, test } from "vitest";
import { proxy } from "../support/proxy.js";
import { url } from "../support/postgres-schemas.js";
import { group, idOf, noServer, open, setup, until, wire } from "./setup.js";

/* A transport behind a proxy, which nobody consumes on. */
async function idle() {
  const there = new URL(url);
  const between = await proxy(Number(there.port));
  onTestFinished(() => between.close());
  there.port = String(between.port);
  const { schema } = setup();
  const opened = await open({ url: there.href, schema, answerMax: 300, reconnectMax: 100 });
  return { ...opened, between };
}

async function behind() {
  const opened = await idle();
  await opened.transport.declare(group("reader"));
  opened.transport.credit("reader", 10);
  return opened;
}

describe.skipIf(noServer !== undefined)("a connection that falls silent", () => {
  test("is told, and settlements go on over another", async () => {
    const { transport, items, states, between } = await behind();
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    between.blackHole();
    const settled = transport.settle(items[0]!, { kind: "done" });
    await until(() => states.length > 0);
    expect(states[0]).toMatch(/^down: .*(said nothing for 300 ms|timeout)/);
    await between.heal();
    expect(["settled", "stale"]).toContain(await settled); // what was on its way may have arrived after all
    await until(() => states.at(-1) === "up");
    await transport.send([wire("b")]);
    await until(() => items.length === 2);
    expect(items.map(idOf)).toEqual(["a", "b"]);
  });

  test("rejects a publish, which is there once when it is repeated", async () => {
    const { transport, items, between } = await behind();
    between.blackHole();
    await expect(transport.send([wire("a")])).rejects.toMatchObject({ code: "SIGNALBOX_STORE" });
    await between.heal();
    await transport.send([wire("a")]);
    await until(() => items.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(items.map(idOf)).toEqual(["a"]);
  });

  test("does not keep the transport from closing", async () => {
    const { transport, items, between } = await behind();
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    between.blackHole();
    const left = transport.settle(items[0]!, { kind: "done" }) as Promise<unknown>;
    left.catch(() => undefined);
    const since = performance.now();
    await transport.close();
    await expect(left).rejects.toThrow(/closed before it could write/);
    expect(performance.now() - since).toBeLessThan(15_000); // what is to be written is tried for ten seconds
  }, 20_000);

  test("that carries the hints is found out, though nothing is asked of it, and there is another", async () => {
    const { states, between } = await idle();
    between.blackHole();
    await until(() => states.length > 0);
    await between.heal();
    await until(() => states.at(-1) === "up");
    expect(states[0]).toMatch(/^down: .*(said nothing for 300 ms|timeout)/);
  });

  test("keeps a transaction waiting that has a signal, until the server is back or the signal aborts", async () => {
    const { transport, between } = await behind();
    await between.refuse();
    between.reset();
    const [patient, stop] = [new AbortController(), new AbortController()];
    const begun = transport.begin({ signal: patient.signal });
    const left = transport.begin({ signal: stop.signal });
    left.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.abort(new RangeError("enough"));
    await expect(left).rejects.toThrow("enough");
    await between.heal();
    await (await begun).commit();
  });
});
