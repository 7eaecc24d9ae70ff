/** Processes on one SQLite file, each a bus with a transport of its own, on one virtual time; one that is killed falls silent. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { Bus, BusOptions, Store } from "../../src/index.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { Turn } from "../../src/runtime/turn.js";
import { SqliteTransport } from "../../src/sqlite/transport.js";
import { Sleeper } from "../../src/testing/contract/sleeper.js";
import { virtualBus, VirtualTime } from "./virtual.js";

export const LEASE = 8_000;

export interface Process {
  readonly name: string;
  readonly bus: Bus;
  readonly store: Store;
  readonly logged: readonly { readonly level: string; readonly message: string }[];
  /** Milliseconds that its wall's clock is ahead. */
  readonly wall: { offset: number };
  kill(): void;
}

export function processes() {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-processes-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "events.db");
  const time = new VirtualTime();
  return {
    time,
    /** A process whose bus has not started. */
    begun: (name: string, options: BusOptions = {}): Process => begun({ name, file, time, options }),
    start: async ({ bus }: Process): Promise<void> => {
      const ready = bus.start();
      await time.advance(10);
      await ready;
      await time.rest();
    },
    close: async ({ bus }: Process): Promise<void> => {
      const closed = bus.close();
      await time.advance(10);
      await closed;
    },
    /** Lets time pass until the work has ended. */
    ended: async <T>(work: Promise<T>): Promise<T> => {
      let isOver = false;
      const over = (): void => void (isOver = true);
      work.then(over, over);
      for (let passed = 0; !isOver && passed < 100 * LEASE; passed += 100) await time.advance(100);
      return work;
    },
  };
}

type Facts = { name: string; file: string; time: VirtualTime; options: BusOptions };

function begun({ name, file, time, options }: Facts): Process {
  const wall = { offset: 0 };
  const sleeper = new Sleeper(ownClock(time.runtime, name, wall));
  const settings = { path: file, lease: LEASE, poll: 1_000, dedupeWindow: "1m" } as const;
  const transport = new SqliteTransport(settings).runOn(sleeper.runtime.host);
  const all = { transport, source: `/${name}`, ...options } as object;
  const made = virtualBus(all, { runtime: sleeper.runtime } as VirtualTime);
  onTestFinished(async () => {
    sleeper.wake();
    const closed = made.bus.close({ deadline: 1 });
    await time.advance(5_000);
    await closed;
  });
  return { ...made, store: transport.store, name, wall, kill: () => sleeper.sleep() };
}

function ownClock({ host, handOver }: Runtime, name: string, wall: { offset: number }): Runtime {
  const own = { ...host, now: () => host.now() + wall.offset, idPrefix: () => name };
  return { host: own, turn: new Turn(own), handOver };
}
