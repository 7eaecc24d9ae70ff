/** PostgreSQL keeps the contract of a transport, and leaves out no case that its features choose. */
import { afterAll, describe, expect, test } from "vitest";
import { contractCases } from "signalbox/testing/contract";
import { create, features, featuresHere, leaveServer } from "../contract/postgres-subject.js";
import { keepsContract } from "../testing/contract/keeps-contract.js";
import { noServer } from "./setup.js";

const cases = contractCases("postgres", create, featuresHere);

describe.skipIf(noServer !== undefined)("postgres", () => {
  afterAll(leaveServer, 120_000); // a hundred schemas to drop
  keepsContract(cases);

  test("leaves out what it does not declare, what would take too long, and what the kit has no proof of", () => {
    const left = contractCases("postgres", create, features).filter(({ reason }) => reason !== undefined);
    expect(left.map(({ id }) => id).join(" ")).toBe(
      "M10 M60 D8 L2 O5 T4 T6 U2 U7 B1 R6 X1 X2 X5 X6 X8 S2 S3 S4 S6",
    );
  });
});
