/** A store behind a link, with every hook: it keeps the cases that need them, and none of those is left out. */
import { describe, expect, test } from "vitest";
import { contractCases } from "signalbox/testing/contract";
import { keepsContract } from "./keeps-contract.js";
import { remoteSubject } from "./remote-subject.js";

/* What no transport of the house within the process can prove, and what a hook is for. */
const HOOKED =
  "M45 M46 M48 D2 D3 D4 D5 D6 D7 D8 D9 D10 D12 L5 O7 T8 U4 U6 P4 P8 B2 B3 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 X9 I2";

describe("a store behind a link", () => {
  const cases = contractCases("remote", ...remoteSubject());
  const wanted = HOOKED.split(" ");
  const hooked = cases.filter(({ id }) => wanted.includes(id));
  keepsContract([...hooked, ...cases.filter(({ reason }) => reason?.startsWith("No order") === true)]);

  test("leaves out none of them", () => {
    expect(hooked.filter(({ reason }) => reason !== undefined)).toEqual([]);
    expect(hooked).toHaveLength(wanted.length);
  });
});
