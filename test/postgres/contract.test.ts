/** PostgreSQL keeps the contract of a transport, and leaves out no case that its features choose. */
import { afterAll, describe, expect, test } from "vitest";
import { contractCases } from "signalbox/testing/contract";
import { create, features, leaveServer } from "../contract/postgres-subject.js";
import { keepsContract } from "../testing/contract/keeps-contract.js";
import { noServer } from "./setup.js";

const cases = contractCases("postgres", create, features);

describe.skipIf(noServer !== undefined)("postgres", () => {
  afterAll(leaveServer, 120_000); // a hundred schemas to drop
  keepsContract(cases);

  test("is put to the proof of order, delay, dedupe, groups, poison, transactions, schedules and inspection", () => {
    const run = cases.filter(({ reason }) => reason === undefined).map(({ id }) => id);
    const wanted =
      "D1 D11 O1 O2 O3 O4 O8 T1 T2 T3 T7 T9 T10 U1 U3 U5 P1 P10 G1 G2 G3 G4 G5 G6 G7 X3 X4 S1 S5 S7 S8 I1 I3 I4";
    expect(run).toEqual(expect.arrayContaining(wanted.split(" ")));
  });
});
