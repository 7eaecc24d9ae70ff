/** What the contract leaves to real time and to several connections: leases, order, dedupe, and a way that breaks. */
import type { Pool } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Item } from "signalbox";
import { postgres, type PostgresTransport } from "signalbox/postgres";
import { processRuntime } from "../../src/runtime/runtime.js";
import { Sleeper } from "../../src/testing/contract/sleeper.js";
import { opened } from "../support/kept-items.js";
import { url } from "../support/postgres-schemas.js";
import { group, idOf, noServer, open, type Opened, setup, until, wire } from "./setup.js";

const SHORT = { lease: 600, poll: 50, reconnectMax: 100 } as const;

/* Falls silent without a good-bye, as a process does that is killed: nothing of it reaches the server any more. */
async function silenced(schema: string, pool: Pool): Promise<Silenced> {
  let isSilent = false;
  const lent = {
    connect: async () => {
      if (isSilent) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      return pool.connect();
    },
  };
  const opened = await open({ pool: lent, schema, ...SHORT });
  const silence = (): void => void (isSilent = true);
  return Object.assign(opened, { silence, wake: () => void (isSilent = false) });
}

interface Silenced extends Opened {
  silence(): void;
  wake(): void;
}

/* A pool whose commits are answered late: each when `answers` lets it. */
function lateCommits(pool: Pool) {
  let held: Promise<void> | undefined;
  const late = new WeakSet<object>();
  const connect = async () => {
    const client = await pool.connect();
    if (late.has(client)) return client;
    late.add(client);
    const query = client.query.bind(client) as (asked: { text: string }) => Promise<Answer>;
    const answered = async (asked: { text: string }) => {
      const answer = await query(asked);
      const isRound = asked.text.includes("settled AS") && answer.rows[0]?.envelope !== null;
      if (asked.text === "COMMIT" || isRound) await held;
      return answer as never;
    };
    return Object.assign(client, { query: answered });
  };
  const hold = (): (() => void) => {
    let answers!: () => void;
    held = new Promise((resolve) => (answers = resolve));
    return answers;
  };
  return { connect, hold };
}

interface Answer {
  readonly rows: readonly { readonly envelope: unknown }[];
}

async function consumes({ transport }: Opened, credit = 10, others = {}): Promise<void> {
  await transport.declare(group("reader", others));
  transport.credit("reader", credit);
}

/* Settles whatever comes, and keeps its ids. */
function settling(opened: Opened, transport: PostgresTransport): string[] {
  const ids: string[] = [];
  const timer = setInterval(() => {
    for (const item of opened.items.splice(0)) {
      ids.push(idOf(item));
      void transport.settle(item, { kind: "done" });
      transport.credit("reader", 1);
    }
  }, 1);
  onTestFinished(() => clearInterval(timer));
  return ids;
}

describe.skipIf(noServer !== undefined)("a lease on a server", () => {
  test("is extended as long as its process is there", async () => {
    const { open: opened } = setup();
    const [first, second] = [await opened(SHORT), await opened(SHORT)];
    await consumes(first);
    await first.transport.send([wire("a")]);
    await until(() => first.items.length === 1);
    await consumes(second);
    const until3 = Date.now() + 1_800;
    await until(() => Date.now() > until3);
    expect([second.items.length, first.lost]).toEqual([0, []]);
    expect(await first.transport.settle(first.items[0]!, { kind: "done" })).toBe("settled");
  });

  test("that has run out gives the event to another, as delivery 2, and its late settlement is stale", async () => {
    const { schema, pool, open: opened } = setup();
    const first = await silenced(schema, pool());
    await consumes(first);
    await first.transport.send([wire("a")]);
    await until(() => first.items.length === 1);
    first.silence();
    const second = await opened(SHORT);
    await consumes(second);
    await until(() => second.items.length === 1);
    expect(second.items[0]).toMatchObject({ deliveries: 2, failures: 0 });
    const late = first.transport.settle(first.items[0]!, { kind: "done" });
    first.wake();
    expect(await late).toBe("stale");
    expect(await second.transport.settle(second.items[0]!, { kind: "done" })).toBe("settled");
    expect(await second.transport.store.groups()).toMatchObject([{ waiting: 0 }]);
  });

  test("that ran out while work was on its way hands out none of it, which another has had, and then goes on", async () => {
    const { schema, pool, open: opened } = setup();
    const lent = lateCommits(pool());
    const first = await open({ pool: lent, schema, ...SHORT });
    const second = await opened(SHORT);
    await first.transport.declare(group("reader", { order: "key" }));
    await second.transport.send([wire("a", { key: "k" }), wire("b", { key: "k" })]);
    const answers = lent.hold();
    first.transport.credit("reader", 1);
    const isOut = `SELECT 1 FROM ${schema}.deliveries WHERE owner IS NOT NULL`;
    const server = pool();
    while ((await server.query(isOut)).rows.length === 0);
    await consumes(second, 2, { order: "key" });
    await until(() => second.items.length === 1);
    await second.transport.settle(second.items[0]!, { kind: "done" });
    await until(() => second.items.length === 2);
    await second.transport.settle(second.items[1]!, { kind: "done" });
    answers();
    await second.transport.send([wire("c")]);
    await until(() => first.items.length > 0);
    expect([second.items.map(idOf), first.items.map(idOf)]).toEqual([["a", "b"], ["c"]]);
  });

  test("that was lost is told for all that was out", async () => {
    const { schema, pool, open: opened } = setup();
    const first = await silenced(schema, pool());
    await consumes(first);
    await first.transport.send([wire("a"), wire("b")]);
    await until(() => first.items.length === 2);
    first.silence();
    const second = await opened(SHORT);
    await consumes(second);
    await until(() => second.items.length === 2);
    first.wake();
    await until(() => first.lost.length === 2);
    expect(first.lost).toEqual(["lease", "lease"]);
  });
});

describe.skipIf(noServer !== undefined)("a group on a server", () => {
  test("takes what is sent from its first declare on, before its consumer is known", async () => {
    const { schema, open: opens } = setup();
    const other = await opens();
    const sleeper = new Sleeper(processRuntime);
    const { transport, items } = await opened(postgres({ url, schema }).runOn(sleeper.runtime.host));
    sleeper.sleep();
    const declared = transport.declare(group("reader"));
    await until(async () => (await other.transport.store.groups()).length === 1);
    await other.transport.send([wire("a")]);
    sleeper.wake();
    await declared;
    transport.credit("reader", 10);
    await until(() => items.length === 1);
    expect(items.map(idOf)).toEqual(["a"]);
  });
});

describe.skipIf(noServer !== undefined)("order per key on a server", () => {
  test("is that of acceptance, with four publishers and three consumers, and one of a key is out at a time", async () => {
    const { open: opened } = setup();
    const consumers = await Promise.all([opened(), opened(), opened()]);
    const out = new Map<string, number>();
    const seen = new Map<string, number[]>();
    let most = 0;
    for (const { transport, items } of consumers) {
      await transport.declare(group("reader", { order: "key" }));
      transport.credit("reader", 8);
      const timer = setInterval(() => {
        for (const item of items.splice(0)) void handle(transport, item);
      }, 1);
      onTestFinished(() => clearInterval(timer));
    }
    async function handle(transport: PostgresTransport, item: Item): Promise<void> {
      const [key, at] = idOf(item).split(" ") as [string, string];
      out.set(key, (out.get(key) ?? 0) + 1);
      most = Math.max(most, out.get(key)!);
      seen.set(key, [...(seen.get(key) ?? []), Number(at)]);
      await new Promise((resolve) => setImmediate(resolve));
      out.set(key, out.get(key)! - 1);
      await transport.settle(item, { kind: "done" });
      transport.credit("reader", 1);
    }
    const publishers = await Promise.all([opened(), opened(), opened(), opened()]);
    // All of them write the same keys; of each key one after the other.
    const write = async (key: string): Promise<void> => {
      for (let at = 0; at < 40; at++)
        await publishers[at % 4]!.transport.send([wire(`${key} ${at}`, { key })]);
    };
    const keys = Array.from({ length: 10 }, (_, at) => `k${at}`);
    await Promise.all(keys.map(write));
    await until(() => keys.every((key) => seen.get(key)?.length === 40));
    expect(most).toBe(1);
    for (const key of keys) expect(seen.get(key)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  });

  test("waits for a publish whose transaction is still open, rather than overtake it", async () => {
    const { schema, pool, open: opened } = setup();
    const server = pool();
    const client = await server.connect();
    onTestFinished(() => client.release());
    const [one, two] = [await opened(), await opened()];
    await consumes(one, 10, { order: "key" });
    const ids = settling(one, one.transport);
    await client.query("BEGIN");
    await one.transport.send([wire("first", { key: "k" })], { transaction: client });
    const second = two.transport.send([wire("second", { key: "k" })]);
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}%'`;
    while ((await server.query(waiting)).rows.length === 0);
    await client.query("COMMIT");
    await second;
    await until(() => ids.length === 2);
    expect(ids).toEqual(["first", "second"]);
  });
});

describe.skipIf(noServer !== undefined)("an id on a server", () => {
  test("that six send at the same moment is accepted once", async () => {
    const { open: opened } = setup();
    const senders = await Promise.all(Array.from({ length: 6 }, () => opened()));
    await consumes(senders[0]!);
    const ids = settling(senders[0]!, senders[0]!.transport);
    const all = Array.from({ length: 20 }, (_, at) => `id-${at}`);
    const answers = await Promise.all(
      senders.map(async ({ transport }) => transport.send(all.map((id) => wire(id)))),
    );
    expect(answers.flat().filter((answer) => answer === "accepted")).toHaveLength(20);
    await until(() => ids.length === 20);
    expect(new Set(ids).size).toBe(20);
  });

  test("is free again after the window", async () => {
    const { transport } = await setup().open({ dedupeWindow: 100 });
    expect(await transport.send([wire("a")])).toEqual(["accepted"]);
    expect(await transport.send([wire("a")])).toEqual(["duplicate"]);
    const over = Date.now() + 150;
    await until(() => Date.now() > over);
    expect(await transport.send([wire("a")])).toEqual(["accepted"]);
  });
});

describe.skipIf(noServer !== undefined)("the way to the server", () => {
  test("breaks, which is told, and everything goes on", async () => {
    const { schema, pool } = setup();
    const name = `signalbox-${schema}`;
    const lent = pool(name);
    const killer = pool();
    const { transport, items, states } = await open({ pool: lent, schema, lease: "5s", poll: 100 });
    await transport.declare(group("reader"));
    transport.credit("reader", 10);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    await killer.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [
      name,
    ]);
    expect(await transport.settle(items[0]!, { kind: "done" })).toBe("settled");
    await until(() => states.at(-1) === "up");
    expect(states[0]).toMatch(/^down: .*terminat/);
    await transport.send([wire("b")]);
    await until(() => items.length === 2);
    expect(items.map(idOf)).toEqual(["a", "b"]);
  });

  test("that is not there at start fails the start, by name", async () => {
    const refused = open({ url: "postgres://postgres@127.0.0.1:1/postgres" });
    await expect(refused).rejects.toThrow(/The store of transport postgres: .*ECONNREFUSED/);
  });

  test("carries a hint only where somebody else consumes the group", async () => {
    const { schema, pool, open: opened } = setup();
    const listener = await pool().connect();
    onTestFinished(() => listener.release());
    const heard: (string | undefined)[] = [];
    listener.on("notification", ({ payload }) => void heard.push(payload));
    await listener.query(`LISTEN "${schema}"`);
    const [one, two] = [await opened({ poll: "1m" }), await opened({ poll: "1m" })];
    await consumes(one);
    heard.splice(0);
    await one.transport.send([wire("a")]);
    await until(() => one.items.length === 1);
    await listener.query(`NOTIFY "${schema}", 'until here'`);
    await until(() => heard.includes("until here"));
    expect(heard).toEqual(["until here"]);
    await consumes(two, 1);
    await one.transport.send([wire("b")]);
    await until(() => heard.length > 1);
  });

  test("carries hints: another process has the event long before its poll", async () => {
    const { open: opened } = setup();
    const [one, two] = [await opened({ poll: "1m" }), await opened({ poll: "1m" })];
    await consumes(two);
    const since = Date.now();
    await one.transport.send([wire("a")]);
    await until(() => two.items.length === 1);
    expect(Date.now() - since).toBeLessThan(5_000);
  });
});
