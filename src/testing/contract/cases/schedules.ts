/** S1 to S8: schedules on a shared store. Each process is a bus with a client of its own. */
import type { Bus } from "../../../bus.js";
import type { ScheduleOptions, Tick, When } from "../../../index.js";
import type { Runtime } from "../../../runtime/runtime.js";
import { Turn } from "../../../runtime/turn.js";
import type { CaseGroup } from "../case.js";
import { claim, claimRefused, claimSame, claimThrows } from "../claims.js";
import { all, shared, store, virtual } from "../needs.js";
import type { Scene } from "../scene.js";
import { Sleeper } from "../sleeper.js";

const kept = all(store, shared);

export const schedules: CaseGroup = {
  title: "Schedules on a shared store",
  about:
    "What is due fires once, whoever is there: the store keeps the time that was decided last, and leases.",
  cases: [
    {
      id: "S1",
      name: "one fire per slot",
      about: "4 processes have one schedule: each of 5 times fires once.",
      needs: kept,
      run: oneFire,
    },
    {
      id: "S2",
      name: "a clock goes back",
      about: "The clock of every process goes back by ten seconds: no time fires a second time.",
      needs: all(kept, virtual),
      run: clockGoesBack,
    },
    {
      id: "S3",
      name: "clocks that are apart",
      about: "One process is 300 ms ahead, one behind: each time fires once.",
      needs: all(kept, virtual),
      run: clocksApart,
    },
    {
      id: "S4",
      name: "missed slots",
      about: "Nobody is there for 20 s: of a time each second those of the last 5 s are made up for.",
      needs: all(kept, virtual),
      run: missedSlots,
    },
    {
      id: "S5",
      name: "summer time",
      about:
        "Half past two in Berlin comes once a day, on the days of both changes too; a zone that is none is refused.",
      needs: kept,
      run: summerTime,
    },
    {
      id: "S6",
      name: "the leader crashes",
      about: "In the middle of a run: another process runs for the same time, once, within a lease.",
      needs: all(kept, virtual),
      run: leaderCrashes,
    },
    {
      id: "S7",
      name: "many upserts",
      about: "2 processes put 20 schedules each in the place of one: the last holds, alone.",
      needs: kept,
      run: manyUpserts,
    },
    {
      id: "S8",
      name: "an expression that is none",
      about: "It is refused at the start, and so is a time that no date has.",
      needs: kept,
      run: refusedAtStart,
    },
  ],
};

const SECOND = { every: "1s" } as const;

/* What each process has run for, in milliseconds since the epoch. */
class Ticks {
  readonly due: number[] = [];

  readonly note = ({ due }: Tick): void => void this.due.push(due.getTime());

  claimOnce(): void {
    claimSame(
      this.due,
      [...new Set(this.due)].toSorted((a, b) => a - b),
      "the times that fired, in order",
    );
  }
}

/* The function of a schedule has to give something to publish. */
function add(scene: Scene, bus: Bus, ticks: Ticks, how: { when?: When; options?: ScheduleOptions } = {}) {
  const Note = scene.notes("tick");
  const what = (tick: Tick) => {
    ticks.note(tick);
    return new Note({ id: String(tick.due.getTime()) });
  };
  return bus.schedule(scene.name("job"), how.when ?? SECOND, what, how.options);
}

function process(scene: Scene, ticks: Ticks, options: ScheduleOptions = {}, runtime?: Runtime): Promise<Bus> {
  const subscribe = (bus: Bus): void => void add(scene, bus, ticks, { options });
  return scene.started(subscribe, { onUnhandled: "ignore" }, runtime);
}

async function oneFire(scene: Scene): Promise<void> {
  const ticks = new Ticks();
  for (let count = 0; count < 4; count++) await process(scene, ticks);
  await has(scene, ticks, 5);
  ticks.claimOnce();
}

async function clockGoesBack(scene: Scene): Promise<void> {
  const ticks = new Ticks();
  const clock = { ahead: 20_000 };
  for (let count = 0; count < 2; count++) await process(scene, ticks, {}, clocked(scene, clock));
  await has(scene, ticks, 3);
  clock.ahead = 10_000;
  await scene.time.pass(15_000);
  claim(ticks.due.length > 5, "It does not go on when the clock is past what had fired.");
  ticks.claimOnce();
}

async function clocksApart(scene: Scene): Promise<void> {
  const ticks = new Ticks();
  for (const ahead of [0, 300, -300]) await process(scene, ticks, {}, clocked(scene, { ahead }));
  await has(scene, ticks, 5);
  ticks.claimOnce();
}

async function missedSlots(scene: Scene): Promise<void> {
  const ticks = new Ticks();
  const options = { missed: { all: "5s" } } as const;
  const bus = await process(scene, ticks, options);
  await has(scene, ticks, 1);
  await scene.close(bus);
  await scene.time.pass(20_000);
  const before = ticks.due.length;
  const now = scene.time.runtime.host.now();
  await process(scene, ticks, options);
  await has(scene, ticks, before + 5);
  const [first = 0] = ticks.due.slice(before);
  claim(first >= now - 5_000 && first < now - 3_000, `The first made up for was ${now - first} ms old.`);
  ticks.claimOnce();
}

async function summerTime(scene: Scene): Promise<void> {
  const bus = await scene.started(() => undefined, { onUnhandled: "ignore" });
  for (const from of ["2031-03-28T00:00:00Z", "2031-10-24T00:00:00Z"]) {
    const options = { timeZone: "Europe/Berlin", from: new Date(from) };
    const schedule = add(scene, bus, new Ticks(), { when: "30 2 * * *", options });
    const days = schedule.next(5).map((date) => berlin.format(date));
    claimSame(new Set(days).size, 5, `how many days have a time of ${days.join(", ")}`);
    schedule.remove();
  }
  const nowhere = (): unknown =>
    add(scene, bus, new Ticks(), { when: "30 2 * * *", options: { timeZone: "Europe/Nowhere" } });
  claimThrows(nowhere, "TypeError", "a zone that is none");
}

const berlin = new Intl.DateTimeFormat("en", { timeZone: "Europe/Berlin", dateStyle: "short" });

async function leaderCrashes(scene: Scene): Promise<void> {
  const ticks = new Ticks();
  const sleepers = [new Sleeper(scene.time.runtime), new Sleeper(scene.time.runtime)];
  for (const sleeper of sleepers) {
    const Note = scene.notes("tick");
    const what = (tick: Tick) => {
      ticks.note(tick);
      if (ticks.due.length === 1) sleeper.sleep(); // before it can say that it is over
      return new Note({ id: "t-1" });
    };
    const subscribe = (bus: Bus): void => void bus.schedule(scene.name("job"), { every: "10m" }, what);
    await scene.started(subscribe, { onUnhandled: "ignore" }, sleeper.runtime);
  }
  while (ticks.due.length === 0) await scene.time.pass(1_000);
  await scene.time.pass(scene.features.leaseMs);
  claimSame(ticks.due, [ticks.due[0], ticks.due[0]], "the times that fired, within a lease");
  await scene.time.pass(3 * scene.features.leaseMs);
  claimSame(ticks.due.length, 2, "how often it was begun");
  for (const sleeper of sleepers) sleeper.wake();
}

async function manyUpserts(scene: Scene): Promise<void> {
  const ticks = new Ticks();
  const buses = [await process(scene, ticks), await process(scene, ticks)];
  for (let time = 0; time < 20; time++)
    for (const bus of buses) {
      bus.schedules.get(scene.name("job"))!.remove();
      add(scene, bus, ticks, { when: time % 2 === 0 ? { every: "2s" } : SECOND });
    }
  await has(scene, ticks, 5);
  ticks.claimOnce();
  const gaps = ticks.due.slice(1).map((due, at) => due - ticks.due[at]!);
  claim(
    gaps.slice(-3).every((gap) => gap === 1_000),
    `The times are ${gaps.join(", ")} ms apart, not 1000.`,
  );
}

async function refusedAtStart(scene: Scene): Promise<void> {
  for (const when of ["0 0 30 2 *", "61 * * * *"] as const) {
    const bus = await scene.bus({ onUnhandled: "ignore" });
    add(scene, bus, new Ticks(), { when });
    await claimRefused(bus.start(), "SIGNALBOX_START", `the expression ${when}`);
  }
}

function has(scene: Scene, ticks: Ticks, count: number): Promise<void> {
  return scene.time.until(
    () => ticks.due.length >= count,
    () => `${ticks.due.length} of ${count} times have fired`,
  );
}

/* The clock of the wall of one machine. */
function clocked({ time }: Scene, clock: { readonly ahead: number }): Runtime {
  const { host, handOver } = time.runtime;
  const own = { ...host, now: () => host.now() + clock.ahead };
  return { host: own, turn: new Turn(own), handOver };
}
