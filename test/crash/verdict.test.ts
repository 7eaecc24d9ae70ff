/** The verdict of the crash harness finds what was planted in the logs of a run. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Evidence, faultsOf, verdictOf } from "./verdict.mjs";

const CALM: Evidence = { kills: [], outages: [] };
const RUN = { died: 0, inFlightAtKill: 0, redeliveryMsBound: 2_000 };

/* A log for each process, one line for each word. */
function setup(...processes: readonly (readonly string[])[]) {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-verdict-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const logs = processes.map((lines, at) => {
    const file = path.join(folder, `${at}.log`);
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    return file;
  });
  return { logs, verdict: (evidence: Evidence = CALM) => ({ ...verdictOf(logs, evidence), ...RUN }) };
}

describe("the verdict of a run", () => {
  test("is clean where everything that was accepted was handled once, in order", () => {
    const { verdict } = setup(
      ["w k-1", "a k-1", "w k-2", "a k-2"],
      ["b k-1 1 1", "d k-1", "b k-2 2 1", "d k-2"],
    );
    expect(verdict()).toMatchObject({ accepted: 2, ok: 2, lost: 0, unexpected: 0, duplicates: 0 });
    expect(faultsOf(verdict())).toEqual([]);
  });

  test("tells what was lost, what nobody published, what came twice, and what overtook another", () => {
    const { verdict } = setup(
      ["w k-1", "a k-1", "w k-2", "a k-2", "w k-3", "a k-3"],
      ["b k-3 1 1", "d k-3", "b k-2 2 1", "d k-2", "b x-1 3 1", "d x-1"],
      ["b k-2 4 2", "d k-2"],
    );
    expect(faultsOf(verdict())).toEqual([
      "1 accepted events were never handled.",
      "1 events were handled that nobody had published.",
      "1 events began before an earlier one of their key.",
      "1 were handled twice, and 0 were in flight at kills.",
    ]);
  });

  test("counts what was handled without an answer as recovered, and a line that a kill has cut as never said", () => {
    const { logs, verdict } = setup(["w k-1"], ["b k-1 1 1", "d k-1"]);
    writeFileSync(logs[0]!, "w k-1\na k-");
    expect(verdict()).toMatchObject({ accepted: 0, recovered: 1, lost: 0 });
  });

  test("measures from a kill to the next beginning elsewhere, without what time the server was down", () => {
    const { logs, verdict } = setup(["w k-1", "a k-1"], ["b k-1 1000 1"], ["b k-1 4200 2", "d k-1"]);
    const kills = [{ log: logs[1]!, at: 1_100, held: ["k-1"] }];
    expect(verdict({ kills, outages: [] })).toMatchObject({ redeliveryMsMax: 3_100 });
    expect(faultsOf(verdict({ kills, outages: [] }))).toEqual(["A redelivery took 3100 ms, more than 2000."]);
    const outages = [
      { from: 500, to: 1_300 },
      { from: 2_000, to: 3_000 },
    ];
    expect(verdict({ kills, outages })).toMatchObject({ redeliveryMsMax: 1_900 });
  });

  test("measures from the last kill, where whoever had it next was killed, too", () => {
    const { logs, verdict } = setup(["w k-1", "a k-1"], ["b k-1 1000 1"], [], ["b k-1 4000 3", "d k-1"]);
    const kills = [
      { log: logs[1]!, at: 1_100, held: ["k-1"] },
      { log: logs[2]!, at: 2_600, held: ["k-1"] },
    ];
    expect(verdict({ kills, outages: [] })).toMatchObject({ redeliveryMsMax: 1_400 });
  });

  test("tells a process that ended by itself", () => {
    const { verdict } = setup();
    expect(faultsOf({ ...verdict(), died: 1 })).toEqual(["1 processes ended that nobody had killed."]);
  });
});
