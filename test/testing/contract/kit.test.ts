/** The kit itself: what it leaves out, how it stops, what it makes of logs, and its report. */
import { describe, expect, test } from "vitest";
import { memory } from "signalbox";
import {
  type CaseDefinition,
  catalogue,
  contractCases,
  musts,
  reportContract,
  type Scene,
} from "signalbox/testing/contract";
import { Census } from "../../../src/testing/contract/census.js";
import { casesOf } from "../../../src/testing/contract/run.js";
import { delegating } from "./delegating.js";
import { ShelfTransport } from "./shelf.js";

const features = { ...memory().features, time: "virtual", guardMs: 200 } as const;
const subject = { name: "memory", create: () => memory(), features };
const all = catalogue.flatMap(({ cases }) => cases);

function setup(...cases: readonly Partial<CaseDefinition>[]) {
  const defaults = { id: "X1", name: "a case", about: "It is a case." };
  return casesOf(
    [{ title: "X", about: "X.", cases: cases.map((each) => ({ ...defaults, ...each })) }],
    subject,
  );
}

const numbers = (from: number, to: number, letter: string): string[] =>
  Array.from(
    { length: to - from + 1 },
    (_, at) => `${letter}${String(from + at).padStart(letter === "M" ? 2 : 1, "0")}`,
  );

describe("the catalogue", () => {
  test("has M01 to M60, and the capability cases by their letters", () => {
    const ids = all.map(({ id }) => id);
    expect(musts.flatMap(({ cases }) => cases.map(({ id }) => id)).toSorted()).toEqual(numbers(1, 60, "M"));
    const lasts = { D: 12, L: 9, O: 8, T: 10, U: 8, G: 8, P: 10, B: 4, R: 10, X: 9, S: 8, I: 4 };
    for (const [letter, last] of Object.entries(lasts))
      expect(ids.filter((id) => id.startsWith(letter))).toEqual(numbers(1, last, letter));
  });

  test("leaves out no case without a reason", () => {
    const cases = contractCases("memory", () => memory(), features);
    expect(cases).toHaveLength(all.length);
    const unproved = all.filter(({ run }) => run === undefined).map(({ id }) => id);
    const left = cases.filter(({ id, reason }) => reason !== undefined || unproved.includes(id));
    expect(left.length).toBeGreaterThan(unproved.length);
    for (const { id, reason } of left) expect(reason, id).toMatch(/^[A-Z].+\.$/);
    const reasonOf = (wanted: string) => cases.find(({ id }) => id === wanted)!.reason;
    expect(reasonOf("M18")).toBe("No store holds the queue (holds: lane).");
    expect(reasonOf("P8")).toBe("No store holds the queue (holds: lane).");
    expect(reasonOf("M01")).toBeUndefined();
  });

  test("chooses other cases for a store", () => {
    const store = new ShelfTransport(undefined as never);
    const idsOf = (cases: ReturnType<typeof contractCases>): string[] =>
      cases.filter(({ reason }) => reason === undefined).map(({ id }) => id);
    const forStore = idsOf(contractCases("store", () => store, store.features));
    const forMemory = idsOf(contractCases("memory", () => memory(), features));
    expect(forStore.filter((id) => !forMemory.includes(id))).toEqual(["M18", "M24", "P8"]);
    expect(forMemory.filter((id) => !forStore.includes(id))).toEqual([
      "O5",
      "T4",
      "T6",
      "U7",
      "B1",
      "X1",
      "X2",
    ]);
  });

  test("refuses two cases with one id, and two with one name", () => {
    expect(() => setup({ id: "X1" }, { id: "X1", name: "another" })).toThrow(/Two cases .* called X1/);
    expect(() => setup({ id: "X1" }, { id: "X2" })).toThrow(/Two cases .* called a case/);
  });
});

describe("a case", () => {
  test("fails a calm case that logs a warning", async () => {
    const run = async (scene: Scene): Promise<void> => {
      const Note = scene.notes();
      const bus = await scene.started(() => undefined, { events: Note });
      await bus.publish(new Note({ id: "w0-0" }));
    };
    const [calm, noisy] = setup({ run }, { id: "X2", name: "a noisy case", run, isNoisy: true });
    await expect(calm!.run()).rejects.toThrow(/A calm run logged: No subscription handles/);
    await expect(noisy!.run()).resolves.toBeUndefined();
  });

  test("stops a case that does not end, and says what is missing", async () => {
    const [stuck, waiting] = setup(
      { run: () => new Promise<void>(() => undefined) },
      {
        id: "X2",
        name: "a case that waits",
        run: (scene) =>
          scene.time.until(
            () => false,
            () => "the third event has not come",
          ),
      },
    );
    await expect(stuck!.run()).rejects.toThrow("X1 did not end within 200 ms: nothing.");
    await expect(waiting!.run()).rejects.toThrow(/the third event has not come/);
  });

  test("has names and a place that no other run of it has", async () => {
    const names = new Set<string>();
    const [each] = setup({ run: async (scene) => void names.add(scene.name("a")) });
    for (let time = 0; time < 3; time++) await each!.run();
    expect(names.size).toBe(3);
    for (const name of names) expect(name).toMatch(/^[a-z0-9_-]{1,40}\.a$/);
  });

  test("refuses a transport that declares something else than the subject says", async () => {
    const create = () => delegating(memory(), { features: { priorities: 1 } });
    const [each] = contractCases("memory", create, features);
    await expect(each!.run()).rejects.toThrow("Expected the declared feature priorities to be 1, got 8");
  });

  test("closes its buses when it fails, and tells the first failure", async () => {
    const create = () => delegating(memory(), { send: () => Promise.reject(new Error("no")) });
    let closes = 0;
    const counting = () => ({ ...create(), close: async () => void closes++ });
    const [each] = contractCases("broken", counting, features);
    await expect(each!.run()).rejects.toThrow("no");
    expect(closes).toBe(1);
  });
});

describe("the report", () => {
  test("counts what passed, and has the id and the error of what failed", async () => {
    const cases = setup(
      { run: async () => undefined },
      { id: "X2", name: "one that fails", run: () => Promise.reject(new Error("planted")) },
      {
        id: "X3",
        name: "one that does not apply",
        needs: () => "It does not apply.",
        run: async () => undefined,
      },
    );
    expect(await reportContract("memory", cases)).toEqual({
      transport: "memory",
      passed: 1,
      failed: 1,
      skipped: [{ id: "X3", reason: "It does not apply." }],
      failures: [{ id: "X2", name: "X2 one that fails", error: "planted" }],
    });
  });

  test("runs everything as often as it is told, side by side, but alone what must be alone", async () => {
    let [running, most, mostAlone, runs] = [0, 0, 0, 0];
    const run = async (isAlone: boolean): Promise<void> => {
      runs++;
      running++;
      most = Math.max(most, running);
      if (isAlone) mostAlone = Math.max(mostAlone, running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const cases = setup(
      { run: () => run(false) },
      { id: "X2", name: "one that is alone", isAlone: true, run: () => run(true) },
    );
    const report = await reportContract("memory", cases, { times: 10 });
    expect([report.passed, runs, most, mostAlone]).toEqual([20, 20, 10, 1]);
  });

  test("runs as many cases at once as it is told, each of them once, and alone what must be alone", async () => {
    let [running, most, mostAlone] = [0, 0, 0];
    const runs: string[] = [];
    const one = (id: string, isAlone: boolean): Partial<CaseDefinition> => {
      const run = async (): Promise<void> => {
        runs.push(id);
        most = Math.max(most, ++running);
        if (isAlone) mostAlone = Math.max(mostAlone, running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      };
      return { id, name: id.toLowerCase(), isAlone, run };
    };
    const ids = ["X1", "X2", "X3", "X4", "X5"];
    const cases = setup(one("X9", true), ...ids.map((id) => one(id, false)));
    const report = await reportContract("memory", cases, { atOnce: 3 });
    expect([report.passed, runs, most, mostAlone]).toEqual([6, [...ids, "X9"], 3, 1]);
  });
});

describe("a census", () => {
  function census(written: readonly string[], accepted: readonly string[], read: readonly string[]): Census {
    const made = new Census();
    for (const id of written) made.wrote(id);
    for (const id of accepted) made.accepted(id);
    for (const id of read) made.read(id);
    return made;
  }

  test("sorts ids into ok, lost, recovered, unexpected and duplicates", () => {
    const made = census(["a-0", "a-1", "a-2"], ["a-0", "a-1"], ["a-0", "a-0", "a-2", "z-9"]);
    expect(made.verdict()).toEqual({
      ok: ["a-0"],
      lost: ["a-1"],
      recovered: ["a-2"],
      unexpected: ["z-9"],
      duplicates: ["a-0"],
    });
    expect(made.isComplete).toBe(false);
    expect(() => made.check()).toThrow(/a-1[^]*nobody wrote them: z-9[^]*refused: a-2[^]*once: a-0/);
  });

  test("says where in a writer's row the lost ones were", () => {
    const row = (writer: string) => [0, 1, 2, 3].map((at) => `${writer}-${at}`);
    const all = [...row("a"), ...row("b"), ...row("c")];
    const made = census(all, all, ["a-2", "a-3", "b-0", "b-3", "c-0", "c-1"]);
    expect(() => made.check()).toThrow("Of them 2 first, 2 in the middle, 2 last of their writers.");
  });

  test("is content when exactly what was accepted was read, and as far as it is told to be", () => {
    expect(() => census(["a-0", "a-1"], ["a-0"], ["a-0"]).check()).not.toThrow();
    const made = census(["a-0", "a-1"], ["a-0"], ["a-0", "a-1", "a-1"]);
    expect(() => made.check()).toThrow("1 came though they were refused: a-1.");
    expect(() => made.check({ recovered: "fine", duplicates: "fine" })).not.toThrow();
  });
});
