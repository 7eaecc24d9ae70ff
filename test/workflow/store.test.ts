/** Divided work on a store: its parts are handled anywhere, and it comes to its end although processes do not. */
import { describe, expect, test } from "vitest";
import { type Bus, Task, type TaskDelivery, TaskFailedError } from "../../src/index.js";
import { chain, group, map } from "../../src/workflow/index.js";
import { LEASE, type Process, processes } from "../support/processes.js";
import { deferred } from "../support/virtual.js";
import { Add, Double } from "../task/setup.js";

class Total extends Task("math.total")<{ numbers: readonly number[] }, number> {}
class Closed extends Task("test.closed") {}

const NUMBERS = [1, 2, 3, 4, 5, 6];
const SECOND = 1_000;

describe("a group whose members several processes handle", () => {
  test("has the results of all of them, in order", async () => {
    const { a, ended, worked } = await setup();
    const handle = await ended(a.bus.run(map(Double, numbered(NUMBERS))));
    expect(await ended(handle.result())).toEqual([2, 4, 6, 8, 10, 12]);
    expect(new Set(worked.map(({ by }) => by))).toEqual(new Set(["b", "c"]));
    expect(worked).toHaveLength(6);
  });

  test("fails with what the first that failed has told", async () => {
    const { a, ended } = await setup();
    const handle = await ended(a.bus.run(map(Double, numbered([1, -1, 2]))));
    const error = (await ended(handle.result().catch((thrown: unknown) => thrown))) as { cause: unknown };
    expect(error.cause).toBeInstanceOf(TaskFailedError);
    expect((error.cause as TaskFailedError).reason).toBe("failed");
  });

  test("is cancelled wherever its members are", async () => {
    const { a, ended, worked, hold } = await setup();
    hold();
    const handle = await ended(a.bus.run(map(Double, numbered([1, 2]))));
    await ended(until(() => worked.length === 2));
    expect(await ended(handle.cancel("no longer wanted"))).toBe(true);
    expect(worked.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  test("run again under its id after a restart goes on, and repeats no member that has ended", async () => {
    const { a, ended, worked, hold, close, later } = await setup();
    const let_ = hold(({ n }) => n > 3);
    await ended(a.bus.run(map(Double, numbered(NUMBERS)), { id: "m-1" }));
    await ended(until(() => worked.length === 6));
    await close(a);
    const next = await later("next");
    const handle = await ended(next.bus.run(map(Double, numbered(NUMBERS)), { id: "m-1" }));
    let_();
    expect(await ended(handle.result())).toEqual([2, 4, 6, 8, 10, 12]);
    expect(worked.map(({ n }) => n).toSorted((x, y) => x - y)).toEqual(NUMBERS);
  });

  test("that has ended gives its result by its id, and is not run again", async () => {
    const { a, ended, worked, later } = await setup();
    await ended((await ended(a.bus.run(map(Double, numbered([1, 2])), { id: "m-1" }))).result());
    const next = await later("next");
    expect(await ended((await ended(next.bus.results.find("m-1")))!.result())).toEqual([2, 4]);
    const again = await ended(next.bus.run(map(Double, numbered([1, 2])), { id: "m-1" }));
    expect(await ended(again.result())).toEqual([2, 4]);
    expect(worked).toHaveLength(2);
  });
});

describe("a task that has divided itself", () => {
  test("is divided anew by another process when its own is killed, and comes to its end once", async () => {
    const { a, b, ended, worked, closed, hold, time } = await setup();
    divides(b);
    const let_ = hold(({ n }) => n > 3);
    const handle = await ended(a.bus.run(new Total({ numbers: NUMBERS }), { id: "t-1" }));
    await ended(until(() => worked.length === 6));
    divides(a);
    b.kill();
    await time.advance(2 * LEASE);
    let_();
    expect(await ended(handle.result())).toBe(42);
    expect(closed).toEqual(["last"]);
    const first = worked.filter(({ n }) => n <= 3);
    expect(first).toHaveLength(3); // what had ended is not handled again
    await time.advance(3 * LEASE);
    expect((await a.store.groups()).map(({ waiting }) => waiting)).toEqual([0, 0, 0, 0]);
  });

  test("goes on in another process when the bus of its own closes", async () => {
    const { a, b, c, ended, closed, worked, hold, time } = await setup();
    divides(b);
    const let_ = hold();
    const handle = await ended(a.bus.run(new Total({ numbers: [1, 2] })));
    await ended(until(() => worked.length === 2));
    divides(c);
    const gone = b.bus.close({ deadline: "1s" });
    await time.advance(3 * SECOND);
    await gone;
    await time.advance(LEASE);
    let_();
    expect(await ended(handle.result())).toBe(6);
    expect(closed).toEqual(["last"]);
  });

  test("has its slot free while its parts are handled, however deep it divides itself", async () => {
    const { a, ended, begun, start } = await setup();
    const alone = begun("alone");
    alone.bus.handle(Total, { name: "total", lane: { concurrency: 1 } }, ({ numbers }, delivery) => {
      if (numbers.length === 1) return numbers[0]!;
      const half = numbers.length / 2;
      const halves = [numbers.slice(0, half), numbers.slice(half)].map(
        (each) => new Total({ numbers: each }),
      );
      return delivery.replace(chain(group(halves), (parts) => new Add({ a: parts[0]!, b: parts[1]! })));
    });
    alone.bus.handle(Add, { name: "add" }, (task) => task.a + task.b);
    await start(alone);
    const numbers = Array.from({ length: 16 }, (_, at) => at + 1);
    const handle = await ended(a.bus.run(new Total({ numbers })));
    expect(await ended(handle.result())).toBe(136);
  });
});

test("a chain goes on with its next link after a restart, and repeats none that has ended", async () => {
  const { a, ended, worked, hold, close, later, add } = await setup();
  const sums = add();
  const let_ = hold();
  const work = () => chain(new Double({ n: 2 }), (n) => new Add({ a: n, b: 1 }));
  await ended(a.bus.run(work(), { id: "c-1" }));
  await ended(until(() => worked.length === 1));
  await close(a);
  let_();
  const next = await later("next");
  const handle = await ended(next.bus.run(work(), { id: "c-1" }));
  expect(await ended(handle.result())).toBe(5);
  expect([worked.length, sums()]).toEqual([1, 1]);
});

test("two processes that run the same work under one id share it", async () => {
  const { a, b, ended, worked } = await setup();
  const work = () => map(Double, numbered(NUMBERS));
  const handles = await ended(Promise.all([a, b].map(({ bus }) => bus.run(work(), { id: "m-1" }))));
  const results = await ended(Promise.all(handles.map((handle) => handle.result())));
  expect(results).toEqual([results[0], results[0]]);
  expect(worked.map(({ n }) => n).toSorted((x, y) => x - y)).toEqual(NUMBERS);
});

interface Worked {
  readonly n: number;
  readonly by: string;
  readonly signal: AbortSignal;
}

/* One process that asks, and two that work. */
async function setup() {
  const made = processes();
  const worked: Worked[] = [];
  const closed: string[] = [];
  const gate = deferred();
  let isHeld: (task: Double) => boolean = () => false;
  const known = { tasks: [Double, Add, Total, Closed] };
  const double =
    (name: string) =>
    async (task: Double, { signal }: TaskDelivery<Double>) => {
      worked.push({ n: task.n, by: name, signal });
      if (task.n < 0) throw new Error("negative");
      if (isHeld(task)) await Promise.race([gate.promise, aborted(signal)]);
      return 2 * task.n;
    };
  const [a, b, c] = [made.begun("a", known), made.begun("b", known), made.begun("c", known)];
  for (const each of [b, c]) {
    each.bus.handle(Double, { name: "double", lane: { concurrency: 3, capacity: 1 } }, double(each.name));
    each.bus.handle(Closed, { name: "closed" }, () => void closed.push("last"));
  }
  for (const each of [a, b, c]) await made.start(each);
  /** Handlers wait, those of all numbers or of some, until the answer is called. */
  const hold = (which: (task: Double) => boolean = () => true): (() => void) => {
    isHeld = which;
    return () => {
      isHeld = () => false;
      gate.resolve();
    };
  };
  const add = (): (() => number) => {
    let count = 0;
    b.bus.handle(Add, { name: "add" }, (task) => (count++, task.a + task.b));
    return () => count;
  };
  const later = async (name: string): Promise<Process> => {
    const next = made.begun(name, known);
    await made.start(next);
    return next;
  };
  return { ...made, a, b, c, worked, closed, hold, add, later };
}

/* A process that divides a total into doubles, and adds those up. */
function divides({ bus }: { readonly bus: Bus }): void {
  bus.handle(Total, { name: "total" }, ({ numbers }, delivery) => {
    const doubles = group(
      numbered(numbers).map((each) => new Double(each)),
      { finally: new Closed() },
    );
    return delivery.replace(chain(doubles, (parts) => new Add({ a: sum(parts as number[]), b: 0 })));
  });
  bus.handle(Add, { name: "add" }, (task) => task.a + task.b);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function numbered(numbers: readonly number[]): { n: number }[] {
  return numbers.map((n) => ({ n }));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
  );
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
