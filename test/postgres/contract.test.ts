/** PostgreSQL keeps the contract of a transport, and leaves out no case that its features choose. */
import { afterAll, describe, expect, test } from "vitest";
import { contractCases } from "signalbox/testing/contract";
import { leaveServer, transports } from "../contract/contract.js";
import { keepsContract } from "../testing/contract/keeps-contract.js";
import { noServer } from "./setup.js";

const [create, features] = transports["postgres"]!;
const cases = contractCases("postgres", create, features);

describe.skipIf(noServer !== undefined)("postgres", () => {
  afterAll(leaveServer);
  keepsContract(cases);

  test("is put to the proof of durability, leases, order, delay, dedupe, groups, transactions and schedules", () => {
    const run = cases.filter(({ reason }) => reason === undefined).map(({ id }) => id);
    const wanted = "D1 D4 D11 D12 O1 O2 O3 T1 T2 U1 G1 G2 G3 G4 G5 G6 G7 X3 X4 S1 I1 I3 I4";
    expect(run).toEqual(expect.arrayContaining(wanted.split(" ")));
  });
});
