/** The contract as tests: one for each case that applies, and one that names those that do not. */
import { expect, test } from "vitest";
import type { ContractCase } from "signalbox/testing/contract";

/** Milliseconds: the guard of a case stops it sooner, and says what is missing. */
const TIMEOUT = 150_000;

export function keepsContract(cases: readonly ContractCase[]): void {
  for (const each of cases.filter(({ reason }) => reason === undefined))
    test(
      `keeps the contract: ${each.name}`,
      { timeout: TIMEOUT, concurrent: !each.isAlone },
      async ({ expect: expects }) => {
        await expects(each.run()).resolves.toBeUndefined();
      },
    );
  const left = cases.filter(({ reason }) => reason !== undefined);
  test(`leaves out, each with its reason: ${left.map(({ id }) => id).join(" ")}`, () => {
    for (const { id, reason } of left) expect(reason, id).toMatch(/^[A-Z].+\.$/);
    expect(left.length).toBeLessThan(cases.length);
  });
}
