import { describe, expect, it } from "vitest";
import type { SubscriptionOptions } from "../../src/delivery/policies.js";
import { deadLetter, drop, Event } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Charged extends Event("dedupe.charged")<{ order: string; n: number }> {}

async function setup(
  options: SubscriptionOptions<Charged> = {},
  answer: (event: Charged) => unknown = () => undefined,
) {
  const { bus, time } = virtualBus();
  const seen: number[] = [];
  bus.on(
    Charged,
    { name: "cards", dedupe: { by: ({ order }) => order, window: "1h" }, ...options },
    (event) => {
      seen.push(event.n);
      return answer(event);
    },
  );
  await bus.start();
  let n = 0;
  const charge = async (order = "o") => {
    const receipt = await bus.publish(new Charged({ order, n: ++n }));
    await time.rest();
    return receipt;
  };
  return { bus, time, seen, charge };
}

describe("dedupe", () => {
  it("handles an event once within its window, and says who had it already", async () => {
    const { charge, seen, bus } = await setup();
    await charge();
    const again = await charge();
    expect(seen).toEqual([1]);
    expect(again).toMatchObject({ accepted: [], deduplicated: ["cards"], unhandled: false });
    expect(await again.settled()).toMatchObject({
      deduplicated: 1,
      notHandled: [{ subscription: "cards", outcome: "deduplicated" }],
    });
    expect(bus.describe().subscriptions[0]!.counts).toMatchObject({ routed: 2, handled: 1, deduplicated: 1 });
    await charge("another");
    expect(seen).toEqual([1, 3]);
  });

  it("goes by the id of the event where it is told so", async () => {
    const { bus, time, seen } = await setup({ dedupe: { by: "id", window: "1h" } });
    for (const id of ["a", "a", "b"]) await bus.publish(new Charged({ order: "o", n: 1 }), { id });
    await time.rest();
    expect(seen).toHaveLength(2);
  });

  it("counts its window by the bus's clock, from the moment that the event was handled", async () => {
    const gate = deferred();
    const { charge, seen, time } = await setup({}, () => gate.promise);
    await charge();
    await time.advance(3_600_000);
    await charge(); // still running
    gate.resolve();
    await time.rest();
    await time.advance(3_599_999);
    await charge();
    expect(seen).toEqual([1]);
    await time.advance(1);
    await charge();
    expect(seen).toEqual([1, 4]);
  });

  it("lets nobody run beside the one that waits for its retry", async () => {
    let isBroken = true;
    const { charge, seen, time } = await setup(
      { retry: { attempts: 2, delay: "10s", jitter: false } },
      () => {
        if (isBroken) throw new Error("broken");
      },
    );
    await charge();
    await charge();
    isBroken = false;
    await time.advance(10_000);
    await charge();
    expect(seen).toEqual([1, 1]);
  });

  it.each([
    ["a dead letter", () => deadLetter("no")],
    ["a drop", () => drop("no")],
    [
      "a failure",
      () => {
        throw new Error("no");
      },
    ],
  ])("frees the key after %s: the next may try", async (_, answer) => {
    let isBroken = true;
    const { charge, seen } = await setup({}, () => (isBroken ? answer() : undefined));
    await charge();
    isBroken = false;
    await charge();
    await charge();
    expect(seen).toEqual([1, 2]);
  });

  it("frees the key when the lane evicts its delivery", async () => {
    const gate = deferred();
    const lane = { concurrency: 1, capacity: 1, overflow: "dropOldest" } as const;
    const { charge, seen, time } = await setup({ lane }, () => gate.promise);
    await charge("running");
    await charge("a");
    await charge("b"); // takes the place of a
    expect(await charge("a")).toMatchObject({ accepted: ["cards"], deduplicated: [] });
    gate.resolve();
    await time.rest();
    expect(seen).toEqual([1, 4]);
  });

  it("frees the key when the publish is refused", async () => {
    const gate = deferred();
    const lane = { concurrency: 1, capacity: 1, overflow: "reject" } as const;
    const { bus, time, seen, charge } = await setup({ lane }, () => gate.promise);
    await charge("running");
    await charge("a");
    await expect(bus.publish(new Charged({ order: "b", n: 9 }))).rejects.toThrow("full");
    gate.resolve();
    await time.rest();
    expect(await charge("b")).toMatchObject({ accepted: ["cards"] });
    expect(seen).toHaveLength(3);
  });

  it("lets a replay pass, and what is published after it again wait for the window", async () => {
    let isBroken = true;
    const { bus, time, charge, seen } = await setup({}, () => {
      if (isBroken) throw new Error("no");
    });
    await charge();
    isBroken = false;
    const [letter] = await bus.deadLetters.list();
    await charge(); // handled: the key is taken
    await bus.deadLetters.replay(letter!);
    await time.rest();
    expect(seen).toEqual([1, 2, 1]);
    expect(await charge()).toMatchObject({ deduplicated: ["cards"] });
  });

  it("keeps the key of a replay that was handled", async () => {
    let isBroken = true;
    const { bus, time, charge, seen } = await setup({}, () => {
      if (isBroken) throw new Error("no");
    });
    await charge();
    isBroken = false;
    const [letter] = await bus.deadLetters.list();
    await bus.deadLetters.replay(letter!);
    await time.rest();
    await charge();
    expect(seen).toEqual([1, 1]);
  });

  it("decides for each event of an array", async () => {
    const { bus, time, seen } = await setup();
    const receipts = await bus.publish([1, 2].map((n) => new Charged({ order: "same", n })));
    await time.rest();
    expect(receipts.map(({ deduplicated }) => deduplicated)).toEqual([[], ["cards"]]);
    expect(seen).toEqual([1]);
  });

  it("needs a text to go by; anything else is a failure of the delivery that says so", async () => {
    const { bus, seen, charge } = await setup({ dedupe: { by: () => undefined as never, window: "1h" } });
    await charge();
    const [letter] = await bus.deadLetters.list();
    expect(seen).toEqual([]);
    expect(letter?.attempts[0]?.error).toMatchObject({
      message: "Expected `dedupe.by` of cards to give a text, got `undefined`.",
    });
  });

  it("asks for no key where the delivery has failed already", async () => {
    const { bus, time } = virtualBus();
    const asked: string[] = [];
    bus.on(
      Charged,
      {
        name: "a",
        key: () => {
          throw new Error("no key");
        },
        when: () => (asked.push("when"), false),
        dedupe: { by: () => (asked.push("by"), "same"), window: "1h" },
      },
      () => undefined,
    );
    await bus.start();
    await bus.publish([new Charged({ order: "o", n: 1 }), new Charged({ order: "o", n: 2 })]);
    await time.rest();
    expect([bus.deadLetters.size, asked]).toEqual([2, []]);
  });

  it.each(["key", "when", "by"] as const)("keeps what %s threw with the dead letter", async (which) => {
    const { bus, time } = virtualBus();
    const error = new Error(`${which} broke`);
    const broken = (): never => {
      throw error;
    };
    const options = which === "by" ? { dedupe: { by: broken, window: "1h" } } : { [which]: broken };
    bus.on(Charged, { name: "a", ...(options as object) }, () => undefined);
    await bus.start();
    await bus.publish(new Charged({ order: "o", n: 1 }));
    await time.rest();
    const [letter] = await bus.deadLetters.list();
    expect(letter?.attempts.map((each) => each.error)).toEqual([error]);
  });

  it("belongs to a subscription: another one has its own memory", async () => {
    const { bus, time, seen, charge } = await setup();
    const others: number[] = [];
    bus.on(Charged, { name: "audit" }, ({ n }) => void others.push(n));
    await charge();
    const again = await charge();
    await time.rest();
    expect(again).toMatchObject({ accepted: ["audit"], deduplicated: ["cards"] });
    expect([seen, others]).toEqual([[1], [1, 2]]);
  });

  it("remembers no more than it is told to", async () => {
    const { charge, seen } = await setup({ dedupe: { by: ({ order }) => order, window: "1h", max: 2 } });
    for (const order of ["a", "b", "c", "a", "c"]) await charge(order);
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
