/** The transactions of a fake transport: what is sent and settled within one is there at its commit, or never. */
import { describe, expect, test } from "vitest";
import { type Delivery, Event } from "../../../src/index.js";
import type { Transport, TransportTransaction } from "../../../src/transport/transport.js";
import { createTestBus } from "../../../src/testing/index.js";
import { type Fault, fakeTransport } from "../../../src/testing/fake/fake-transport.js";
import { sqlite } from "../../../src/sqlite/index.js";

class Placed extends Event("placed")<{ id: string }> {}
class Charged extends Event("charged")<{ id: string }> {}

interface Client {
  insert(table: string, id: string): unknown;
}

const features = { holds: "store", transactions: true } as const;
const clientOf = (delivery: Pick<Delivery, "client">): Client => delivery.client as Client;

async function setup({
  faults = [],
  client,
  handler,
  attempts = 2,
  catches = false,
}: {
  faults?: readonly Fault[];
  client?: unknown;
  attempts?: number;
  /** Whether the handler goes on where its publish failed. */
  catches?: boolean;
  handler?: (event: Placed, delivery: Delivery) => Promise<unknown>;
} = {}) {
  const transport = fakeTransport({ features, faults, client });
  const bus = await createTestBus({ transport, start: false });
  const charged: string[] = [];
  bus.on(Charged, { name: "charged" }, ({ id }) => void charged.push(id));
  const charge = async ({ id }: Placed, delivery: Delivery): Promise<unknown> => {
    clientOf(delivery).insert("charges", id);
    const published = delivery.publish(new Charged({ id }));
    await (catches ? published.catch(() => undefined) : published);
    return handler?.(new Placed({ id }), delivery);
  };
  const retry = { attempts, delay: "1s", jitter: false } as const;
  bus.on(Placed, { name: "charge", transaction: true, retry }, charge as never);
  await bus.start();
  const states = (): string[] => transport.begun.map(({ state }) => state);
  return { bus, transport, charged, states };
}

describe("a subscription with transaction: true on a fake transport", () => {
  test("sends and settles at the commit, and not before", async () => {
    const during: unknown[] = [];
    const { bus, transport, charged, states } = await setup({
      handler: async () => void during.push([...charged], transport.kept),
    });
    await bus.publish(new Placed({ id: "o-1" }));
    await bus.idle();
    expect(during).toEqual([[], 1]);
    expect([charged, transport.kept, states()]).toEqual([["o-1"], 0, ["committed"]]);
    await bus.close();
  });

  test("leaves nothing of an attempt that throws, and tries again", async () => {
    const { bus, transport, charged, states } = await setup({
      handler: async (_, { attempt }) => {
        if (attempt === 1) throw new RangeError("no");
      },
    });
    await bus.publish(new Placed({ id: "o-1" }));
    await bus.idle();
    expect([charged, transport.kept, states()]).toEqual([[], 1, ["rolled back"]]);
    await bus.clock.advance("1s");
    expect([charged, transport.kept, states()]).toEqual([["o-1"], 0, ["rolled back", "committed"]]);
    expect(transport.begun.map(({ sent }) => sent.length)).toEqual([1, 1]);
    await bus.close();
  });

  test("shows what was called on the client of each transaction", async () => {
    const { bus, transport } = await setup();
    await bus.publish(new Placed({ id: "o-1" }));
    await bus.idle();
    expect(transport.begun[0]!.calls).toEqual([{ method: "insert", args: ["charges", "o-1"] }]);
    await bus.close();
  });

  test("gets the client that was given", async () => {
    const rows: string[] = [];
    const client = { insert: (...row: string[]) => rows.push(row.join(" ")) };
    const { bus, transport } = await setup({ client });
    await bus.publish([new Placed({ id: "o-1" }), new Placed({ id: "o-2" })]);
    await bus.idle();
    expect([rows, transport.begun.flatMap(({ calls }) => calls)]).toEqual([
      ["charges o-1", "charges o-2"],
      [],
    ]);
    await bus.close();
  });

  for (const does of ["loseAnswer", "crash"] as const)
    test(`leaves nothing where the settlement ends in ${does}, and is handed out again`, async () => {
      const { bus, transport, charged, states } = await setup({
        faults: [{ on: "settle", does, event: Placed }],
        attempts: 1,
      });
      await bus.publish(new Placed({ id: "o-1" }));
      await bus.idle();
      expect([charged, transport.kept, states()]).toEqual([["o-1"], 0, ["rolled back", "committed"]]);
      await bus.close();
    });

  test("leaves nothing where a send within it fails, though the handler catches that", async () => {
    const { bus, charged, states } = await setup({
      faults: [{ on: "send", does: "loseAnswer", event: Charged }],
      catches: true,
    });
    await bus.publish(new Placed({ id: "o-1" }));
    await bus.idle();
    expect([charged, states()]).toEqual([[], ["rolled back"]]);
    await bus.close();
  });

  test("runs one at a time", async () => {
    let open = 0;
    const atOnce: number[] = [];
    const { bus, charged } = await setup({
      handler: async () => {
        atOnce.push(++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
      },
    });
    await bus.publish(["a", "b", "c"].map((id) => new Placed({ id })));
    await bus.idle();
    expect([atOnce, charged]).toEqual([
      [1, 1, 1],
      ["a", "b", "c"],
    ]);
    await bus.close();
  });
});

describe("bus.transaction on a fake transport", () => {
  test("delivers what was published inside at its end, and nothing where the work throws", async () => {
    const { bus, charged, states } = await setup();
    const publish = (id: string, fails: boolean) =>
      bus.transaction(async (tx) => {
        await tx.publish(new Charged({ id }));
        if (fails) throw new RangeError("no");
      });
    await expect(publish("o-1", true)).rejects.toThrow(RangeError);
    await publish("o-2", false);
    await bus.idle();
    expect([charged, states()]).toEqual([["o-2"], ["rolled back", "committed"]]);
    await bus.close();
  });

  test("refuses a client that it has not begun", async () => {
    const { bus } = await setup();
    await expect(bus.publish(new Charged({ id: "o-1" }), { transaction: {} })).rejects.toThrow(
      "The fake transport joins only the transactions that it has begun itself.",
    );
    await bus.close();
  });
});

describe("the transactions of the port", () => {
  async function opened() {
    const transport = fakeTransport({ features });
    await transport.open({ deliver: () => undefined, lost: () => undefined, changed: () => undefined });
    return { transport, begin: transport.begin! };
  }

  test("wait for their turn until their signal aborts", async () => {
    const { begin } = await opened();
    const first = await begin();
    const controller = new AbortController();
    const second = begin({ signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await expect(second).rejects.toThrow("enough");
    const third = begin();
    await first.rollBack();
    expect((await third).client).toBeDefined();
  });

  test("are rolled back by a close, which refuses those that wait", async () => {
    const { transport, begin } = await opened();
    const first: TransportTransaction = await begin();
    const second = begin();
    second.catch(() => undefined);
    await transport.close();
    expect(transport.begun[0]!.state).toBe("rolled back");
    expect(() => first.commit()).toThrow(/has ended/);
    await expect(second).rejects.toThrow(/was closed before/);
  });

  test("cannot be committed when the connection was lost", async () => {
    const { transport, begin } = await opened();
    const first = await begin();
    transport.disconnect();
    transport.reconnect();
    expect(() => first.commit()).toThrow(/fake transport/);
    expect(transport.begun[0]!.state).toBe("rolled back");
    await transport.close();
  });

  test("are there only in a store that promises them", () => {
    expect(fakeTransport({ features: { holds: "store" } }).begin).toBeUndefined();
  });
});

describe("a test bus in the place of SQLite", () => {
  test("runs a handler with transaction: true, with the client of the test", async () => {
    const rows: string[] = [];
    const client: Client = { insert: (_, id) => rows.push(id) };
    const bus = await createTestBus({ transport: sqlite({ path: "never-opened.db" }), client, start: false });
    bus.on(Placed, { name: "charge", transaction: true }, ({ id }, delivery) => {
      clientOf(delivery).insert("charges", id);
    });
    await bus.start();
    await bus.publish(new Placed({ id: "o-1" }));
    await bus.idle();
    expect(rows).toEqual(["o-1"]);
    await bus.close();
  });

  test("begins none where the real one begins none", async () => {
    const { features: real } = sqlite({ path: "never-opened.db" });
    const transport = { features: real } as Transport; // the test bus looks at nothing else, and replaces it
    const bus = await createTestBus({ transport, start: false });
    bus.on(Placed, { transaction: true, name: "charge" }, () => undefined);
    await expect(bus.start()).rejects.toThrow(/begins none/);
  });

  test("rehearses a handler with transaction: true: nothing of an attempt that comes again is left", async () => {
    const transport = sqlite({ path: "never-opened.db" });
    const bus = await createTestBus({ transport, rehearsal: true, start: false });
    const deliveries: number[] = [];
    const charged: string[] = [];
    bus.on(Charged, { name: "charged" }, ({ id }) => void charged.push(id));
    bus.on(Placed, { name: "charge", transaction: true }, async ({ id }, delivery) => {
      deliveries.push(delivery.deliveries);
      await delivery.publish(new Charged({ id: `${id} ${delivery.deliveries}` }));
    });
    await bus.start();
    await bus.publish(new Placed({ id: "o-1" }));
    await bus.idle();
    expect([deliveries, charged]).toEqual([
      [1, 2],
      ["o-1 2", "o-1 2"],
    ]);
    expect(bus.rehearsal()?.findings).toEqual([]);
    await bus.close();
  });
});
