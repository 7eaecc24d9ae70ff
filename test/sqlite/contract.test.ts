/** SQLite keeps the contract of a transport, and leaves out no case that its features choose. */
import { describe, expect, test } from "vitest";
import { contractCases } from "signalbox/testing/contract";
import { transports } from "../contract/contract.js";
import { folder } from "../contract/folder.js";
import { killedIn } from "../contract/sqlite-subject.js";
import { keepsContract } from "../testing/contract/keeps-contract.js";

const KILLED = ["D2", "D3", "D4", "D5", "D12"];
const [create, features] = transports["sqlite"]!;
const cases = contractCases("sqlite", create, features);

describe("sqlite", () => {
  keepsContract(cases);

  test("is put to the proof of leases, crashes, order, delay, dedupe, groups, transactions and schedules", () => {
    const run = cases.filter(({ reason }) => reason === undefined).map(({ id }) => id);
    const wanted =
      "M46 D1 D2 D3 D4 D5 D9 D10 D11 D12 L1 L2 L3 L4 L5 L6 L7 L8 L9 O1 O2 O3 O4 O6 O8 T1 T2 T3 T5 T7 T9 T10 ";
    const more =
      "U1 U2 U3 U5 U6 U7 U8 P4 P8 B3 G1 G2 G3 G4 G5 G6 G7 G8 X3 X4 X7 X8 S1 S2 S3 S4 S5 S6 S7 S8 I1 I2 I3 I4";
    expect(run).toEqual(expect.arrayContaining(`${wanted}${more}`.split(" ")));
  });
});

describe("sqlite, with processes that are killed", () => {
  const killed = contractCases("sqlite", ...killedIn(folder()));
  keepsContract(
    killed.filter(({ id, reason }) => reason?.includes("virtual") === true || KILLED.includes(id)),
  );
});
