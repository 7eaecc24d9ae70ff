/** Schedules on a store: processes on one SQLite file, each with its own bus, on one virtual time, or on clocks that are apart. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import {
  type Bus,
  Event,
  type Schedule,
  type ScheduleOptions,
  type Store,
  type SubscriberClass,
  type Tick,
  type When,
} from "../../src/index.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { Turn } from "../../src/runtime/turn.js";
import { SqliteTransport } from "../../src/sqlite/transport.js";
import { Sleeper } from "../../src/testing/contract/sleeper.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";
import { clockOf } from "./setup.js";

export class Swept extends Event("test.swept")<{ due: string; missed: number; by: string }> {}

export const LEASE = 8_000;

/** A process with a bus of its own: killed, it falls silent. */
export interface Process {
  readonly name: string;
  readonly bus: Bus;
  readonly store: Store;
  readonly logged: readonly { readonly level: string; readonly message: string }[];
  /** What its schedule "job" was run for. */
  readonly ticks: Tick[];
  job: Schedule | undefined;
  /** Milliseconds that its wall's clock is ahead. */
  wall: { offset: number };
  kill(): void;
}

export function processes() {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-schedules-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "events.db");
  const time = new VirtualTime();
  const ran: string[] = [];
  const all: Process[] = [];

  const begun = (name: string, { subscribers = [] }: { subscribers?: readonly SubscriberClass[] } = {}) => {
    const wall = { offset: 0 };
    const sleeper = new Sleeper(ownClock(time.runtime, name, wall));
    const transport = new SqliteTransport({ path: file, lease: LEASE, poll: 1_000, dedupeWindow: "1h" }).runOn(sleeper.runtime.host);
    const made = virtualBus(
      { transport, source: `/${name}`, subscribers } as object,
      { runtime: sleeper.runtime } as VirtualTime,
    );
    const { store } = transport;
    const each: Process = { ...made, store, name, wall, ticks: [], job: undefined, kill: () => sleeper.sleep() };
    made.bus.on(Swept, { name: "sweeps" }, ({ due, missed }, { deliveries }) => {
      if (deliveries === 1) ran.push(missed === 0 ? due : `${due} +${missed}`);
    });
    all.push(each);
    onTestFinished(async () => {
      sleeper.wake();
      const closed = made.bus.close({ deadline: 1 });
      await time.advance(5_000);
      await closed;
    });
    return each;
  };
  /** Gives a process the schedule "job", which publishes for each of its times. */
  const schedule = (each: Process, when: When, options: ScheduleOptions = {}): void => {
    const what = (tick: Tick): Swept => {
      each.ticks.push(tick);
      return new Swept({ due: clockOf(tick.due), missed: tick.missed, by: each.name });
    };
    each.job = each.bus.schedule("job", when, what, options);
  };
  /** A started process with that schedule. */
  const started = async (name: string, when: When, options: ScheduleOptions = {}): Promise<Process> => {
    const each = begun(name);
    schedule(each, when, options);
    await start(each);
    return each;
  };
  const start = async ({ bus }: Process): Promise<void> => {
    const ready = bus.start();
    await time.advance(10);
    await ready;
    await time.rest();
  };
  const close = async ({ bus }: Process): Promise<void> => {
    const closed = bus.close();
    await time.advance(10);
    await closed;
  };
  return { file, time, ran, all, begun, started, schedule, start, close };
}

/* The host of a machine whose clock differs. */
function ownClock({ host, handOver }: Runtime, name: string, wall: { offset: number }): Runtime {
  const own = { ...host, now: () => host.now() + wall.offset, idPrefix: () => name };
  return { host: own, turn: new Turn(own), handOver };
}
