import { describe, expect, test } from "vitest";
import {
  Bus,
  type Container,
  Event,
  On,
  StartError,
  Subscriber,
  type SubscriberClass,
} from "../../src/index.js";
import { Ping } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { PortedMemory } from "../transport/transports.js";

class Other extends Event("test.other") {}

async function faultsOf(bus: Bus): Promise<readonly string[]> {
  const error: unknown = await bus.start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).faults;
}

describe("faults", () => {
  @Subscriber({ lane: "mial" })
  class Lost {
    @On(Ping) take(): void {}
  }
  @Subscriber({ name: "twin.a" })
  class First {
    @On(Ping, { name: "x" }) take(): void {}
    @On(Other, { name: "x" }) other(): void {}
  }
  class Needy {
    constructor(readonly missing: object) {}
    @On(Ping) take(): void {}
  }
  class Unmarked {}

  test("all of all subscribers are told at once, and nothing is made", async () => {
    const made: unknown[] = [];
    class Made {
      constructor() {
        made.push(this);
      }
      @On(Ping, { timout: "1s" } as never) take(): void {}
    }
    const { bus } = virtualBus({
      lanes: { mail: {} },
      subscribers: [Lost, First, Needy, Unmarked, Made] as never,
    });
    const faults = await faultsOf(bus);
    expect(faults).toEqual([
      "Lost.take names the lane `mial`, which createBus({ lanes }) does not have. Did you mean `mail`?",
      "Two subscriptions have the name twin.a.x. Give one of them another `name`.",
      expect.stringContaining("Unmarked"),
      "Unknown option `timout` in `@On Made.take`. Did you mean `timeout`?",
      expect.stringContaining("Needy"),
    ]);
    expect(bus.health().ready).toBe(false);
  });

  test("a class that is named twice is the same method for the same event twice", async () => {
    class Twice {
      @On(Ping) take(): void {}
    }
    const { bus } = virtualBus({ subscribers: [Twice, Twice] });
    expect(await faultsOf(bus)).toContain(
      "Two subscriptions have the name Twice.take. Give one of them another `name`.",
    );
  });

  test("the error says everything in its message, and that nothing was started", async () => {
    const { bus } = virtualBus({ lanes: { mail: {} }, subscribers: [Lost] });
    await expect(bus.start()).rejects.toThrow(
      "The bus cannot start:\n  - Lost.take names the lane `mial`, which createBus({ lanes }) does not have. Did you mean `mail`?\nNothing was started. Correct all of the above.",
    );
  });
});

test("start() may be called again once the fault is mended", async () => {
  let isBroken = true;
  const seen: number[] = [];
  class Late {
    @On(Ping) take({ n }: Ping): void {
      seen.push(n);
    }
  }
  const container: Container = {
    resolve: (token) => {
      if (isBroken) throw new Error("no database");
      return new (token as new () => object)();
    },
    provide: () => undefined,
  };
  const { bus, time } = virtualBus({ container, subscribers: [Late] });
  await bus.publish(new Ping({ n: 1 }));
  await expect(bus.start()).rejects.toThrow(/no database/);
  expect(await bus.publish(new Ping({ n: 2 }))).toMatchObject({ held: true });
  isBroken = false;
  await bus.start();
  await bus.publish(new Ping({ n: 3 }));
  await time.rest();
  expect(seen).toEqual([1, 2, 3]);
});

test("one start, however often it is called", async () => {
  const transport = new PortedMemory();
  const made: unknown[] = [];
  class Once {
    constructor() {
      made.push(this);
    }
    @On(Ping) take(): void {}
  }
  const { bus } = virtualBus({ transport, subscribers: [Once] });
  const starts = [bus.start(), bus.start()];
  expect(starts[0]).toBe(starts[1]);
  await Promise.all(starts);
  await bus.start();
  expect([made.length, transport.calls.filter((call) => call === "open")]).toEqual([1, ["open"]]);
});

test("start() does not wait for what was held", async () => {
  const gate = deferred();
  const { bus, time } = virtualBus();
  bus.on(Ping, { name: "a", lane: { concurrency: 1, capacity: 1 } }, () => gate.promise);
  const receipts = await bus.publish([1, 2, 3, 4].map((n) => new Ping({ n })));
  await bus.start();
  await time.rest();
  expect(bus.lanes.get("a")).toMatchObject({ running: 1, waiting: 1, waitingPublishes: 2 });
  gate.resolve();
  await time.rest();
  expect(await receipts[3]!.settled()).toMatchObject({ done: 1 });
});

test("a subscription that comes while the bus starts is part of it", async () => {
  const opened = deferred();
  const transport = new PortedMemory();
  const open = transport.open.bind(transport);
  transport.open = async (sink) => {
    await opened.promise;
    await open(sink);
  };
  const seen: string[] = [];
  const { bus, time } = virtualBus({ transport });
  bus.on(Ping, { name: "a" }, () => void seen.push("a"));
  const starting = bus.start();
  await time.rest();
  bus.on(Ping, { name: "b" }, () => void seen.push("b"));
  opened.resolve();
  await starting;
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen.toSorted()).toEqual(["a", "b"]);
});

test("static handlers need no instance, and static and other handlers of a class live together", async () => {
  const seen: string[] = [];
  class Both {
    constructor() {
      seen.push("made");
    }
    @On(Ping) static audit(): void {
      seen.push("static");
    }
    @On(Ping) own(): void {
      seen.push("own");
    }
  }
  class OnlyStatic {
    constructor(readonly needs: object) {
      seen.push("never");
    }
    @On(Ping) static audit(): void {
      seen.push("only static");
    }
  }
  const { bus, time } = virtualBus({ subscribers: [Both, OnlyStatic] as readonly SubscriberClass[] });
  await bus.start();
  await bus.publish(new Ping({ n: 1 }));
  await time.rest();
  expect(seen.toSorted()).toEqual(["made", "only static", "own", "static"]);
});

test("invoke, transaction and replay come after the start", async () => {
  const { bus } = virtualBus();
  await expect(bus.invoke(new Ping({ n: 1 }))).rejects.toMatchObject({ code: "SIGNALBOX_NOT_STARTED" });
  await expect(bus.transaction(async () => undefined)).rejects.toMatchObject({
    code: "SIGNALBOX_NOT_STARTED",
    message: "transaction() came before start(). Await bus.start() first.",
  });
  await expect(bus.deadLetters.replay({ id: "x" } as never)).rejects.toMatchObject({
    code: "SIGNALBOX_NOT_STARTED",
  });
});
