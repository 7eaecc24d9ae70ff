/** Tasks, divided work and schedules under the simulator: whatever the seed decides, these hold. */
import { describe, expect, it } from "vitest";
import { Event, Task, type TaskHandle } from "signalbox";
import { explore, type TestBus, type World } from "signalbox/testing";
import { group } from "signalbox/workflow";

class Part extends Task("sim.part")<{ n: number }, number> {}
class Whole extends Task("sim.whole")<{ n: number }, number> {}
class Tidy extends Task("sim.tidy")<{ of: number }> {}
class Chimed extends Event("sim.chimed")<{ due: number }> {}

/** What became of a run, as often as it was told. */
function followed(handle: TaskHandle<unknown>) {
  const ends: string[] = [];
  handle.result().then(
    () => ends.push("done"),
    (error: Error) => ends.push(error.name),
  );
  return ends;
}

/** Handlers that chance makes slow, failing or unlucky, and a `finally` that counts. */
async function workshop(world: World) {
  const bus = await world.bus();
  const tidied = new Map<number, number>();
  const chance = world.random();
  bus.handle(
    Part,
    { lane: { concurrency: 2 }, retry: { attempts: 2, delay: 5 } },
    async ({ n }, delivery) => {
      if (world.random() < 0.3) await delivery.sleep(3);
      if (world.random() < chance / 2) throw new Error("no");
      return n;
    },
  );
  bus.handle(
    Whole,
    async ({ n }, delivery) =>
      delivery.replace(group([new Part({ n }), new Part({ n: n + 1 })], { require: "any" })) as never,
  );
  bus.handle(Tidy, ({ of }) => void tidied.set(of, (tidied.get(of) ?? 0) + 1));
  return { bus, tidied };
}

async function divides(world: World): Promise<void> {
  const { bus, tidied } = await workshop(world);
  const runs: { readonly of: number; readonly ends: string[]; readonly handle: TaskHandle<unknown> }[] = [];
  world.invariant("a run ends once", () => runs.every(({ ends }) => ends.length <= 1));
  world.invariant("a finally runs once at most", () => [...tidied.values()].every((times) => times === 1));
  for (let of = 0; of < 4; of++) {
    const work = [new Part({ n: 1 }), new Part({ n: 2 }), new Whole({ n: 3 })] as const;
    const require = world.random() < 0.5 ? "all" : "any";
    const handle = await bus.run(group(work, { require, finally: new Tidy({ of }) }));
    runs.push({ of, handle, ends: followed(handle) });
    if (world.random() < 0.4) void handle.cancel("changed my mind");
  }
  await allEnded(bus, runs);
  expect(runs.map(({ ends }) => ends.length)).toEqual([1, 1, 1, 1]);
  expect([...tidied.values()]).toEqual([1, 1, 1, 1]);
  expect([...tidied.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
}

async function allEnded(
  bus: TestBus,
  runs: readonly { readonly handle: TaskHandle<unknown> }[],
): Promise<void> {
  await Promise.allSettled(runs.map(({ handle }) => handle.result()));
  await bus.idle();
}

async function chimes(world: World): Promise<void> {
  const bus = await world.bus();
  const fired: number[] = [];
  world.invariant("no time fires twice", () => new Set(fired).size === fired.length);
  bus.on(Chimed, { name: "bell", lane: { concurrency: 2 } }, async ({ due }, delivery) => {
    fired.push(due);
    if (world.random() < 0.5) await delivery.sleep(world.random() < 0.5 ? 40 : 150);
  });
  const overlap = (["skip", "queue", "cancelPrevious"] as const)[Math.floor(world.random() * 3)]!;
  const chime = bus.schedule("chime", { every: 100 }, ({ due }) => new Chimed({ due: due.getTime() }), {
    overlap,
  });
  for (let step = 0; step < 4; step++) {
    await bus.clock.advance(100);
    if (world.random() < 0.3) chime.pause();
    else chime.resume();
  }
  chime.remove();
  await bus.idle();
}

describe("under the simulator", () => {
  it("a run of a task has one end, and a group one finally, whoever fails, is cancelled or replaces itself", async () => {
    expect(await explore({ runs: 300 }, divides)).toEqual({ runs: 300, violations: [] });
  });

  it("no time of a schedule fires twice, however runs overlap and whoever pauses it", async () => {
    expect(await explore({ runs: 300 }, chimes)).toEqual({ runs: 300, violations: [] });
  });

  it("a finally that ran twice would be found", async () => {
    const twice = async (world: World): Promise<void> => {
      const { bus, tidied } = await workshop(world);
      world.invariant("a finally runs once at most", () =>
        [...tidied.values()].every((times) => times === 1),
      );
      await bus.run(group([new Part({ n: 1 })], { finally: new Tidy({ of: 1 }) }));
      await bus.run(new Tidy({ of: 1 }));
    };
    const { violations } = await explore({ runs: 50 }, twice);
    expect(violations[0]).toContain("a finally runs once at most");
  });
});
