/** Real processes on one file, and SIGKILL: schedules and divided work go on elsewhere. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { bundled } from "../crash/build.mjs";
import { folder, until } from "../sqlite/setup.js";
import { forking } from "../support/forking.js";

const TIMEOUT = 60_000;

let program: string;
beforeAll(async () => {
  const made = mkdtempSync(path.join(tmpdir(), "signalbox-worker-"));
  program = await bundled("test/store/worker.ts", made);
  return () => rmSync(made, { recursive: true });
});

function setup() {
  const home = folder();
  return forking(program, home, () => ({ file: path.join(home, "events.db") }));
}

test(
  "a run whose process is killed is begun again by another process, for the same time",
  { timeout: TIMEOUT },
  async () => {
    const { started, kill } = setup();
    const all = [await started("tick"), await started("tick")];
    await until(() => all.some(({ lines }) => lines().length > 0));
    const begins = all.findIndex(({ lines }) => lines().length > 0);
    const [first, other] = [all[begins]!, all[1 - begins]!];
    await kill(first.child);
    await until(() => other.lines().length > 0);
    expect(other.lines()[0]).toBe(first.lines()[0]);
  },
);

test(
  "divided work whose process is killed comes to its end once, and repeats no part that has ended",
  { timeout: TIMEOUT },
  async () => {
    const { started, kill } = setup();
    const workers = [await started("work"), await started("work")];
    const dividers = [await started("divide"), await started("divide")];
    const asks = await started("ask");
    const doubled = (): string[] => workers.flatMap(({ lines }) => lines());
    await until(() => doubled().length >= 10);
    const holds = dividers.find(({ lines }) => lines().includes("divided"))!;
    await kill(holds.child);
    await until(() => asks.lines().length > 0);
    expect(asks.lines()).toEqual([`r ${39 * 40}`]);
    expect(doubled()).toHaveLength(40);
    expect(new Set(doubled()).size).toBe(40);
    const told = dividers.flatMap(({ lines }) => lines());
    expect(told.filter((line) => line === "divided")).toHaveLength(2);
    expect(told.filter((line) => line === "sum")).toHaveLength(1);
  },
);
