/** Tasks that a store carries: run in one process, handled in another, looked up in a third. */
import { describe, expect, onTestFinished, test } from "vitest";
import { retry, TaskCancelledError, type TaskDelivery, TaskFailedError } from "../../src/index.js";
import { LEASE, type Process, processes } from "../support/processes.js";
import { deferred } from "../support/virtual.js";
import { Add, type Call, Double, Resize, reported } from "./setup.js";

const SECOND = 1_000;

describe("a task that another process handles", () => {
  test("gives its result to the one that ran it", async () => {
    const { asks, ended, works } = await setup();
    works(({ n }) => 2 * n);
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    expect(await ended(handle.result())).toBe(8);
    expect(handle.state).toBe("done");
  });

  test("tells why it has none: the reason, the attempts, the name and message of what was thrown", async () => {
    const { asks, ended, works } = await setup();
    works(() => {
      throw new RangeError("too many");
    });
    const handle = await ended(asks.bus.run(new Double({ n: 4 }), { id: "d-1" }));
    const error = await ended(handle.result().catch((thrown: unknown) => thrown as TaskFailedError));
    expect(error).toBeInstanceOf(TaskFailedError);
    const { task, taskId, reason, attempts, cause } = error as TaskFailedError;
    expect([task, taskId, reason]).toEqual(["math.double", "d-1", "failed"]);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1]);
    expect(String(cause)).toBe("RangeError: too many");
  });

  test("tells how far it is, now and then", async () => {
    const { asks, ended, works, time } = await setup();
    works(async ({ n }, delivery) => {
      for (let done = 1; done <= 3; done++) {
        delivery.progress(done, 3, "on");
        await delivery.sleep("2s");
      }
      return n;
    });
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    const all = reported(handle);
    await time.advance(10 * SECOND);
    expect((await all).map(({ done, note }) => `${done} ${note}`)).toEqual(["1 on", "2 on", "3 on"]);
  });

  test("is stopped there when it is cancelled here", async () => {
    const { asks, ended, gated, time } = await setup();
    const calls = gated();
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    await time.advance(SECOND);
    calls[0]!.signal.addEventListener("abort", () => calls[0]!.fail(calls[0]!.signal.reason));
    expect(await ended(handle.cancel("changed my mind"))).toBe(true);
    expect(calls[0]!.signal.reason).toBeInstanceOf(TaskCancelledError);
    await expect(handle.result()).rejects.toThrow("changed my mind");
  });

  test("that waits and is cancelled never reaches its handler", async () => {
    const { asks, ended, gated, time, worker } = await setup();
    const calls = gated();
    worker.bus.lanes.get("double")!.pause();
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    const cancelled = handle.cancel("changed my mind");
    await time.advance(SECOND);
    worker.bus.lanes.get("double")!.resume();
    expect(await ended(cancelled)).toBe(true);
    expect(calls).toHaveLength(0);
  });

  test("whose handler gives a result all the same has the last word", async () => {
    const { asks, ended, gated, time } = await setup();
    const calls = gated();
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    await time.advance(SECOND);
    const cancelled = handle.cancel("changed my mind");
    await time.advance(2 * SECOND);
    calls[0]!.give(9);
    expect(await ended(cancelled)).toBe(false);
    expect(await handle.result()).toBe(9);
  });
});

describe("the result of a task that a store carries", () => {
  test("is there by its id after a restart, typed where the task is named", async () => {
    const { asks, ended, works, close, later } = await setup();
    works(({ n }) => 2 * n);
    await ended((await ended(asks.bus.run(new Double({ n: 4 }), { id: "d-1" }))).result());
    await close(asks);
    const next = await later("next");
    const handle = await ended(next.bus.results.find("d-1", Double));
    const result: number | undefined = await handle?.result();
    expect(result).toBe(8);
    expect(await ended(next.bus.results.find("d-1", Add))).toBeUndefined();
    expect(await ended(next.bus.results.find("d-2"))).toBeUndefined();
  });

  test("may be waited for by its id before it is there", async () => {
    const { asks, ended, gated, close, later, time } = await setup();
    const calls = gated();
    await ended(asks.bus.run(new Double({ n: 4 }), { id: "d-1" }));
    await close(asks);
    const next = await later("next");
    const result = (await ended(next.bus.results.find("d-1")))!.result();
    await time.advance(SECOND);
    calls[0]!.give(8);
    expect(await ended(result)).toBe(8);
  });

  test("is kept for maxAge", async () => {
    const { asks, ended, works, time, later } = await setup();
    works(({ n }) => 2 * n);
    await ended((await ended(asks.bus.run(new Double({ n: 4 }), { id: "d-1" }))).result());
    const next = await later("next");
    await time.advance(59 * 60_000);
    expect(await ended(next.bus.results.find("d-1"))).toBeDefined();
    const other = await later("other");
    await time.advance(2 * 60_000);
    expect(await ended(other.bus.results.find("d-1"))).toBeUndefined();
  });

  test("is kept before its delivery is settled: a crash in between runs no handler again", async () => {
    const { asks, ended, works, later, worker, time } = await setup();
    let calls = 0;
    works(({ n }) => {
      calls++;
      return 2 * n;
    });
    const { put } = worker.store;
    Object.assign(worker.store, {
      put: async (...given: Parameters<typeof put>) => {
        const answer = await put.apply(worker.store, given);
        if (new TextDecoder().decode(given[1]).includes('"done"')) {
          worker.kill(); // the result is committed, and its delivery is not settled
          await new Promise(() => undefined);
        }
        return answer;
      },
    });
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    expect(await ended(handle.result())).toBe(8);
    const next = await later("next", (bus) => bus.handle(Double, { name: "double" }, () => calls++));
    await time.advance(3 * LEASE);
    expect(calls).toBe(1);
    expect((await next.store.groups()).map(({ waiting }) => waiting)).toEqual([0]);
  });

  test("that JSON cannot carry is a failure of its handler", async () => {
    const { asks, ended, works } = await setup();
    works(() => 10n as never);
    const handle = await ended(asks.bus.run(new Double({ n: 4 })));
    const error = await ended(handle.result().catch((thrown: unknown) => thrown as TaskFailedError));
    expect(String((error as TaskFailedError).cause)).toMatch(/result.*does not survive JSON/);
  });

  test("is what its output schema makes of it", async () => {
    const { asks, ended, worker } = await setup();
    worker.bus.handle(Resize, { name: "resize" }, ({ path }) => ({ thumb: path, width: "64" as never }));
    const handle = await ended(asks.bus.run(new Resize({ path: "a.png" })));
    expect(await ended(handle.result())).toEqual({ thumb: "a.png", width: 64 });
  });
});

describe("a task under an id that a store knows", () => {
  test("is not run again, whichever process is asked", async () => {
    const { asks, ended, works, later, time } = await setup();
    let calls = 0;
    works(({ n }) => {
      calls++;
      return 2 * n;
    });
    await ended((await ended(asks.bus.run(new Double({ n: 4 }), { id: "d-1" }))).result());
    await time.advance(120 * SECOND); // the store takes its id again
    const next = await later("next");
    const handle = await ended(next.bus.run(new Double({ n: 4 }), { id: "d-1" }));
    expect([await ended(handle.result()), calls]).toEqual([8, 1]);
    await expect(ended(next.bus.run(new Add({ a: 1, b: 1 }), { id: "d-1" }))).rejects.toThrow(
      "The id d-1 is that of math.double, not of math.add.",
    );
  });

  test("that waits is joined: both get the one result", async () => {
    const { asks, ended, gated, later, time } = await setup();
    const calls = gated();
    const first = await ended(asks.bus.run(new Double({ n: 4 }), { id: "d-1" }));
    const next = await later("next");
    const second = await ended(next.bus.run(new Double({ n: 4 }), { id: "d-1" }));
    await time.advance(SECOND);
    expect(calls).toHaveLength(1);
    calls[0]!.give(8);
    expect(await ended(Promise.all([first.result(), second.result()]))).toEqual([8, 8]);
  });
});

test("a task whose process is killed gives its result from another", async () => {
  const { asks, ended, gated, later, worker, time } = await setup();
  gated();
  const handle = await ended(asks.bus.run(new Double({ n: 4 })));
  await time.advance(SECOND);
  worker.kill();
  await later("next", (bus) => bus.handle(Double, { name: "double" }, ({ n }) => 2 * n));
  expect(await ended(handle.result())).toBe(8);
});

test("a task that is tried again in another process is done when that has done it", async () => {
  const { asks, ended, works } = await setup();
  works(({ n }, { attempt }) => (attempt === 1 ? (retry({ after: "2s" }) as never) : n), 3);
  const handle = await ended(asks.bus.run(new Double({ n: 4 })));
  expect(await ended(handle.result())).toBe(4);
});

test("who waits for a result from elsewhere is told when the bus closes", async () => {
  const { asks, ended, close } = await setup();
  const handle = await ended(asks.bus.run(new Double({ n: 4 })));
  const result = handle.result();
  const refused = result.catch((error: unknown) => String(error));
  await close(asks);
  expect(await refused).toContain("The bus is closed");
});

test("who waits with a signal that had aborted already leaves nothing that rejects unheard when the bus closes", async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => void unheard.push(error);
  process.on("unhandledRejection", hear);
  onTestFinished(() => void process.off("unhandledRejection", hear));
  const { asks, ended, close, time } = await setup();
  const handle = await ended(asks.bus.run(new Double({ n: 4 })));
  const signal = AbortSignal.abort(new Error("no longer"));
  await expect(handle.result({ signal })).rejects.toThrow("no longer");
  await close(asks);
  await time.rest();
  expect(unheard).toEqual([]);
});

test("a send that is refused leaves no record", async () => {
  const { asks, ended, later } = await setup();
  const controller = new AbortController();
  const run = asks.bus.run(new Double({ n: 4 }), { id: "d-1", signal: controller.signal });
  controller.abort(new Error("no longer"));
  await expect(ended(run)).rejects.toThrow("no longer");
  const next = await later("next");
  expect(await asks.store.list("task/")).toEqual([]);
  expect(await ended(next.bus.results.find("d-1"))).toBeUndefined();
});

type Handler = (task: Double, delivery: TaskDelivery<Double>) => number | Promise<number>;

/* One process that asks, and one that works. */
async function setup() {
  const made = processes();
  const asks = made.begun("asks", { tasks: [Double, Add, Resize] });
  const worker = made.begun("worker");
  for (const each of [asks, worker]) await made.start(each);
  const works = (handler: Handler, attempts = 1): void =>
    void worker.bus.handle(Double, { name: "double", retry: { attempts } }, handler);
  const gated = (): Call[] => {
    const calls: Call[] = [];
    works(({ n }, { signal }) => {
      const { promise, resolve, reject } = deferred<number>();
      calls.push({ n, signal, give: resolve, fail: reject });
      return promise;
    });
    return calls;
  };
  const later = async (name: string, ready: (bus: Process["bus"]) => unknown = () => undefined) => {
    const next = made.begun(name, { tasks: [Double, Add] });
    ready(next.bus);
    await made.start(next);
    return next;
  };
  return { ...made, asks, worker, works, gated, later };
}
