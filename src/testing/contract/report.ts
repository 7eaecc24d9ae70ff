/** The contract as a report: what passed, what failed and why, what was left out and why. */
import { toError } from "../../errors.js";
import type { ContractCase } from "./run.js";

export interface ContractReport {
  readonly transport: string;
  /** How many passed. */
  readonly passed: number;
  /** How many failed. */
  readonly failed: number;
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
  readonly failures: readonly ContractFailure[];
}

export interface ContractFailure {
  readonly id: string;
  readonly name: string;
  readonly error: string;
}

export interface ReportOptions {
  /** Times that the whole contract runs side by side; cases that must be alone run once per time, one by one. Defaults to 1. */
  readonly times?: number | undefined;
  /** Cases that run beside each other; those that must be alone do not. Defaults to 1: one after the other. */
  readonly atOnce?: number | undefined;
  /** Told of each case that has ended, with its fault if it has one. */
  readonly onEnd?: ((each: ContractCase, error: Error | undefined) => void) | undefined;
}

/** Runs cases and reports them; one that fails does not end the run. */
export async function reportContract(
  transport: string,
  cases: readonly ContractCase[],
  { times = 1, atOnce = 1, onEnd }: ReportOptions = {},
): Promise<ContractReport> {
  const failures: ContractFailure[] = [];
  const wanted = cases.filter(({ reason }) => reason === undefined);
  const one = async (each: ContractCase): Promise<void> => {
    const error = await each.run().then(() => undefined, toError);
    if (error !== undefined) failures.push({ id: each.id, name: each.name, error: error.message });
    onEnd?.(each, error);
  };
  const social = wanted.filter(({ isAlone }) => !isAlone);
  await Promise.all(Array.from({ length: times }, () => sideBySide(atOnce, social, one)));
  for (let time = 0; time < times; time++)
    await inTurn(
      wanted.filter(({ isAlone }) => isAlone),
      one,
    );
  const skipped = cases.flatMap(({ id, reason }) => (reason === undefined ? [] : [{ id, reason }]));
  const failed = failures.length;
  return { transport, passed: wanted.length * times - failed, failed, skipped, failures };
}

type RunOne = (each: ContractCase) => Promise<void>;

/* Whoever is free takes the next. */
async function sideBySide(count: number, cases: readonly ContractCase[], one: RunOne): Promise<void> {
  const next = cases.values();
  await Promise.all(Array.from({ length: count }, () => inTurn(next, one)));
}

async function inTurn(cases: Iterable<ContractCase>, one: RunOne): Promise<void> {
  for (const each of cases) await one(each);
}
