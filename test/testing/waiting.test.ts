/** Waiting on a test bus is exact: counted, never timed, but for one guard. */
import { execFile } from "node:child_process";
import { webcrypto } from "node:crypto";
import { mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gzip } from "node:zlib";

import { Clock, type Delivery, Event, On, retry, Subscriber } from "signalbox";
import { createTestBus, LoopError, StillRunningError } from "signalbox/testing";
import { afterEach, describe, expect, it, vi } from "vitest";

import { deferred } from "../support/virtual.js";

class Placed extends Event("shop.placed")<{ id: string }> {}
class Shipped extends Event("shop.shipped")<{ id: string }> {}

const SLOW_SERVER = `
  const server = require("node:net").createServer((socket) => {
    socket.on("data", () => setTimeout(() => socket.write("answer"), 20));
  });
  server.listen(0, () => require("node:worker_threads").parentPort.postMessage(server.address().port));
`;

async function setup() {
  const bus = await createTestBus({ events: [Placed, Shipped] });
  const done: string[] = [];
  /* How long something takes in real time. */
  const timed = async (work: Promise<unknown>): Promise<number> => {
    const since = performance.now();
    await work;
    return performance.now() - since;
  };
  return { bus, done, timed };
}

describe("idle on a test bus", () => {
  it("resolves when all that an event caused has ended", async () => {
    const { bus, done } = await setup();
    bus.on(Placed, (event, delivery) => delivery.publish(new Shipped({ id: event.id })));
    bus.on(Shipped, async ({ id }) => {
      for (let each = 0; each < 50; each++) await Promise.resolve();
      done.push(id);
    });
    void bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    expect(done).toEqual(["a"]);
  });

  it("does not wait for timers", async () => {
    const { bus } = await setup();
    bus.on(Placed, { retry: { attempts: 2, delay: "1h" } }, () => retry());
    await bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    expect([bus.retried(Placed).length, bus.clock.now().toISOString()]).toEqual([
      1,
      "2026-01-01T00:00:00.000Z",
    ]);
  });

  it("says after two seconds what is still running, since when, and where it was published", async () => {
    const { bus } = await setup();
    const gate = deferred();
    bus.on(Placed, { name: "desk.ship" }, (event, delivery) =>
      delivery.publish(new Shipped({ id: event.id })),
    );
    bus.on(Shipped, { name: "truck.drive" }, () => gate.promise);
    await bus.publish(new Placed({ id: "a" }));
    const error = await bus.idle().catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StillRunningError);
    expect((error as StillRunningError).running).toEqual([
      expect.stringMatching(
        /^truck\.drive with shop\.shipped, attempt 1, for 2(?:\.\d)? s \(0 ms of the bus's clock\), published by desk\.ship at .*waiting\.test\.ts:\d+:\d+ \(shop\.placed → shop\.shipped\)$/,
      ),
    ]);
    gate.resolve();
    await bus.idle();
  });

  it("cuts events that cause each other without end, and shows their chain", async () => {
    const { bus } = await setup();
    bus.on(Placed, (event, delivery) => delivery.publish(new Shipped({ id: event.id })));
    bus.on(Shipped, (event, delivery) => delivery.publish(new Placed({ id: event.id })));
    await bus.publish(new Placed({ id: "a" }));
    const error = await bus.idle().catch((each: unknown) => each);
    expect(error).toBeInstanceOf(LoopError);
    expect((error as Error).message).toMatch(
      /cut, 100 events deep: shop\.placed → shop\.shipped → .*more\) → shop\.shipped → shop\.placed|100 events deep/,
    );
    expect((error as LoopError).chain.slice(0, 3)).toEqual(["shop.placed", "shop.shipped", "shop.placed"]);
  });

  it("cuts events that cause two each, long before the engine's limit", async () => {
    const { bus } = await setup();
    bus.on(Placed, async (event, delivery) => {
      await delivery.publish(new Placed({ id: event.id }));
      await delivery.publish(new Placed({ id: event.id }));
    });
    await bus.publish(new Placed({ id: "a" }));
    await expect(bus.idle()).rejects.toThrow("more than 10,000 events came from one: shop.placed → ");
  });
});

describe("moving the clock of a test bus", () => {
  it("runs what is due in order and waits for each in between", async () => {
    const { bus, done } = await setup();
    bus.on(Placed, async ({ id }, delivery) => {
      await delivery.sleep(id === "slow" ? "2s" : "1s");
      done.push(`${id} ${bus.clock.now().getSeconds()}`);
      if (id === "quick") await delivery.publish(new Shipped({ id }));
    });
    bus.on(Shipped, async (_, delivery) => {
      await delivery.sleep("500ms");
      done.push(`shipped ${bus.clock.now().getSeconds()}.${bus.clock.now().getMilliseconds()}`);
    });
    await bus.publish([new Placed({ id: "slow" }), new Placed({ id: "quick" })]);
    await bus.clock.advance("10s");
    expect(done).toEqual(["quick 1", "shipped 1.500", "slow 2"]);
    expect(bus.clock.now().getSeconds()).toBe(10);
  });

  it("does not wait in real time for a handler that sleeps on the clock", async () => {
    const { bus, done, timed } = await setup();
    @Subscriber({ inject: [Clock] })
    class Sleeper {
      constructor(private readonly clock: Clock) {}
      @On(Placed) async sleep() {
        await this.clock.sleep("1h");
        done.push("awake");
      }
    }
    const own = await createTestBus({ subscribers: [Sleeper] });
    await own.publish(new Placed({ id: "a" }));
    expect(await timed(own.clock.advance("59m"))).toBeLessThan(1_000);
    expect(done).toEqual([]);
    await own.clock.advance("1m");
    expect(done).toEqual(["awake"]);
    await bus.close();
  });

  it("lets the timeout of a handler that hangs come at once", async () => {
    const { bus, timed } = await setup();
    bus.on(Placed, { timeout: "10s" }, (_, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    });
    await bus.publish(new Placed({ id: "a" }));
    expect(await timed(bus.clock.advance("10s"))).toBeLessThan(1_000);
    expect(bus.deadLettered(Placed)).toMatchObject([{ outcome: { reason: "timeout" } }]);
  });

  it("waits for a handler that waits for another one, which sleeps", async () => {
    const { bus, done } = await setup();
    const other = deferred();
    bus.on(Placed, async () => (await other.promise, done.push("second")));
    bus.on(Shipped, async (_, delivery) => (await delivery.sleep("1s"), done.push("first"), other.resolve()));
    await bus.publish([new Placed({ id: "a" }), new Shipped({ id: "a" })]);
    await bus.clock.advance("1s");
    expect(done).toEqual(["first", "second"]);
  });

  it("lets a publish that waits for a place go on when the lane's handlers have slept", async () => {
    const { bus, done } = await setup();
    bus.on(Placed, { lane: { concurrency: 1, capacity: 1, waitingMax: 5 } }, async ({ id }, delivery) => {
      await delivery.sleep("1s");
      done.push(id);
    });
    const all = ["a", "b", "c", "d"].map((id) => bus.publish(new Placed({ id })));
    await bus.clock.advance("4s");
    await Promise.all(all);
    expect(done).toEqual(["a", "b", "c", "d"]);
  });

  it.each([
    ["a file", async () => void (await readFile(import.meta.filename))],
    ["a digest", async () => void (await webcrypto.subtle.digest("SHA-256", new Uint8Array(1_000_000)))],
    ["a compression", async () => void (await promisify(gzip)(new Uint8Array(1_000_000)))],
    [
      "a worker that says nothing",
      () =>
        new Promise<void>((resolve) => {
          new Worker("setTimeout(() => {}, 100)", { eval: true }).on("exit", () => resolve());
        }),
    ],
    ["a process", async () => void (await promisify(execFile)(process.execPath, ["-v"]))],
    [
      "a file that it writes",
      async () => {
        const folder = await mkdtemp(path.join(os.tmpdir(), "signalbox-"));
        await writeFile(path.join(folder, "a"), "a".repeat(1_000_000));
      },
    ],
    [
      "a chain of macrotasks",
      async () => {
        for (let each = 0; each < 20; each++) await new Promise((resolve) => setImmediate(resolve));
      },
    ],
    [
      "a server",
      async () => {
        const server = createServer((_, response) => void setImmediate(() => response.end("x"))).listen(0);
        await new Promise((resolve) => server.once("listening", resolve));
        const { port } = server.address() as { port: number };
        await (await fetch(`http://127.0.0.1:${port}/`)).text();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    ],
  ])("waits really for a handler that waits for %s", async (_, work) => {
    const { bus, done } = await setup();
    bus.on(Placed, { timeout: "10s" }, async ({ id }) => {
      await work();
      done.push(id);
    });
    await bus.publish(new Placed({ id: "a" }));
    await bus.clock.advance("1m");
    expect([done, bus.handled(Placed).length]).toEqual([["a"], 1]);
  });

  it("waits for answers on a connection that was open before", async () => {
    const worker = new Worker(SLOW_SERVER, { eval: true }); // its timer is not one of this event loop
    const [port] = (await once(worker, "message")) as [number];
    const client = net.connect(port);
    await once(client, "connect");
    const { bus, done } = await setup();
    bus.on(Placed, { timeout: "10s" }, async () => {
      client.write("question");
      done.push(String(await once(client, "data")));
    });
    await bus.publish(new Placed({ id: "a" }));
    await bus.clock.advance("1m");
    expect(done).toEqual(["answer"]);
    client.destroy();
    await worker.terminate();
  });

  it("goes to the next timer, and to the last", async () => {
    const { bus } = await setup();
    const delays: number[] = [];
    bus.on(
      Placed,
      { retry: { attempts: 4, backoff: "exponential", delay: "1s", jitter: false } },
      (_, { attempt }) => {
        delays.push(bus.clock.now().getTime() - Date.UTC(2026, 0, 1));
        if (attempt < 4) throw new Error("not yet");
      },
    );
    await bus.publish(new Placed({ id: "a" }));
    await bus.clock.next();
    expect(delays).toEqual([0, 1_000]);
    await bus.clock.runAll();
    expect(delays).toEqual([0, 1_000, 3_000, 7_000]);
    await bus.clock.next();
    expect(bus.clock.now().getTime() - Date.UTC(2026, 0, 1)).toBe(7_000);
  });

  it("advances past more timers than runAll would run", async () => {
    const { bus, done } = await setup();
    bus.on(Placed, ({ id }) => void done.push(id));
    await bus.publish(new Placed({ id: "in two years" }), { delay: "730d" }); // it is looked at every hour
    await bus.clock.advance("730d");
    expect(done).toEqual(["in two years"]);
  });

  it("gives up on timers without end", async () => {
    const { bus } = await setup();
    bus.on(Placed, { retry: { attempts: 20_000, delay: "1ms" } }, () => retry());
    await bus.publish(new Placed({ id: "a" }));
    await expect(bus.clock.runAll()).rejects.toThrow("has run 10,000 timers");
    expect(bus.retried(Placed).length).toBeGreaterThan(9_000);
  });
});

describe("a test bus under the fake timers of a test runner", () => {
  afterEach(() => void vi.useRealTimers());

  it("waits and moves its clock as it does without them", async () => {
    vi.useFakeTimers();
    const { bus, done } = await setup();
    bus.on(Placed, { retry: { attempts: 2, delay: "1s" } }, ({ id }, { attempt }) => {
      done.push(`${id} ${attempt}`);
      return attempt === 1 ? retry() : undefined;
    });
    await bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    await bus.clock.advance("1m");
    expect(done).toEqual(["a 1", "a 2"]);
    await bus.close();
  });

  it("says after two seconds of real time what is still running", async () => {
    vi.useFakeTimers();
    const { bus } = await setup();
    bus.on(Placed, { name: "hanger" }, () => new Promise(() => {}));
    await bus.publish(new Placed({ id: "a" }));
    await expect(bus.idle()).rejects.toThrow(/has waited 2 s of real time.*\n {2}hanger with/);
  });
});

describe("the end of a test bus", () => {
  it("closes by moving its clock", async () => {
    const { bus, timed } = await setup();
    bus.on(Placed, { name: "sleeper" }, (_, delivery: Delivery) => delivery.sleep("20s"));
    bus.on(Shipped, { name: "hanger" }, () => new Promise(() => {}));
    await bus.publish([new Placed({ id: "a" }), new Shipped({ id: "b" })]);
    let report: Awaited<ReturnType<typeof bus.close>> | undefined;
    expect(await timed(bus.close().then((each) => (report = each)))).toBeLessThan(1_000);
    expect(report).toMatchObject({ drained: 1, abandoned: [expect.stringContaining("hanger")] });
  });

  it("throws when it is disposed while something runs, and closes all the same", async () => {
    const { bus } = await setup();
    bus.on(Placed, { name: "hanger" }, () => new Promise(() => {}));
    await bus.publish(new Placed({ id: "a" }));
    await expect(bus[Symbol.asyncDispose]()).rejects.toThrow(
      /disposed while something was running:\n {2}hanger with shop\.placed/,
    );
    expect(bus.health().live).toBe(false);
  });

  it("is quiet when it is disposed with nothing but retries to come", async () => {
    const { bus } = await setup();
    bus.on(Placed, { retry: { attempts: 2, delay: "1h" } }, () => retry());
    await bus.publish(new Placed({ id: "a" }));
    await bus.idle();
    await bus[Symbol.asyncDispose]();
    expect(bus.health().live).toBe(false);
  });
});

it("what was under way before a publish, and never ends, does not hold up the clock", async () => {
  await setup(); // as long as such a bus lives, files are counted
  const pipe = path.join(await mkdtemp(path.join(os.tmpdir(), "signalbox-")), "pipe");
  await promisify(execFile)("mkfifo", [pipe]);
  const opened = open(pipe, "r"); // until somebody writes
  const { bus, done } = await setup();
  bus.on(Placed, async ({ id }, delivery) => {
    await delivery.sleep("1s");
    done.push(id);
  });
  await bus.publish(new Placed({ id: "a" }));
  await bus.clock.advance("1s");
  expect(done).toEqual(["a"]);
  await (await open(pipe, "w")).close();
  await (await opened).close();
});
