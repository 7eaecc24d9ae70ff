/** A rehearsal: would this application survive a real broker? */
import { EnvelopeError } from "../../errors.js";
import { definitionOf } from "../../event/definition.js";
import type { AnyEvent, Features } from "../../index.js";
import { throughJson } from "../json-trip.js";
import { featuresOf } from "./fake-options.js";
import { FakeTransport } from "./fake-transport.js";
import { chanceOf } from "./fault-plan.js";
import { idempotence, order, suspectedOrder, tried } from "./rehearsal-findings.js";
import { type RehearsalFaults, RehearsalPlan } from "./rehearsal-plan.js";
import { RehearsalRecord } from "./rehearsal-record.js";
import { type Finding, type RehearsalReport, reportOf } from "./rehearsal-report.js";

export type { Finding, RehearsalReport } from "./rehearsal-report.js";

/** One run on a transport that redelivers and reorders. */
export interface Rehearsal {
  /** In the place of the bus's own. */
  readonly transport: FakeTransport;
  /** Looks whether an event survives serialisation, and notes it where it does not. */
  readonly check: (event: AnyEvent) => void;
  /** What has been found so far; when the bus is idle, all of it. */
  report(): RehearsalReport;
}

export interface RehearsalOptions {
  /** What the order is drawn from. Defaults to 1. */
  seed?: number | undefined;
}

/** What a scenario of `rehearse` gets. */
export interface RehearsalRun {
  readonly name: "calm" | "again in calm" | "reordered" | "redelivered";
  readonly transport: FakeTransport;
  /** For the bus's own chance. */
  readonly seed: number;
  readonly check: (event: AnyEvent) => void;
}

interface Part extends Rehearsal {
  readonly record: RehearsalRecord;
  readonly unfit: readonly Finding[];
}

/** For one run, such as a test of a suite that is there already: redelivers and reorders at once. */
export function rehearsal({ seed = 1 }: RehearsalOptions = {}): Rehearsal {
  return partOf({ redelivers: true, reorders: true }, seed);
}

/**
 * In the place of a transport that begins transactions: with one that begins them, too. It redelivers only: what a store
 * holds back is not seen by the bus, so that its `idle()` would not wait for it.
 */
export function transactionalRehearsal(seed: number | undefined, client: unknown): Rehearsal {
  const features = featuresOf({ holds: "store", transactions: true });
  return partOf({ redelivers: true, reorders: false }, seed ?? 1, { features, client });
}

/**
 * Runs a scenario four times, each time on a new transport: twice in calm, in another order, with redeliveries; and
 * compares. The scenario makes its bus new each time, and waits until it is idle. Rejects with what it throws in calm.
 */
export async function rehearse(
  scenario: (run: RehearsalRun) => Promise<void>,
  { seed = 1 }: RehearsalOptions = {},
): Promise<RehearsalReport> {
  const failures: Finding[] = [];
  const run = async (name: RehearsalRun["name"], faults: Partial<RehearsalFaults>): Promise<Part> => {
    const part = partOf({ redelivers: false, reorders: false, ...faults }, seed);
    const { transport, check } = part;
    try {
      await scenario({ name, transport, seed, check });
    } catch (error) {
      if (Object.keys(faults).length === 0) throw error;
      failures.push(failureOf(faults, error));
    }
    return part;
  };
  const calm = [await run("calm", {}), await run("again in calm", {})];
  const reordered = await run("reordered", { reorders: true });
  const redelivered = await run("redelivered", { redelivers: true });
  const { findings, notes } = idempotence(redelivered.record);
  const inOrder = order(
    calm.map(({ record }) => record),
    reordered.record,
  );
  return reportOf({
    findings: [...findings, ...inOrder, ...calm.flatMap(({ unfit }) => unfit), ...failures],
    notes,
    ...tried([reordered.record, redelivered.record]),
  });
}

interface Played {
  readonly features: Features;
  readonly client?: unknown;
}

function partOf(faults: RehearsalFaults, seed: number, played: Played = { features: featuresOf() }): Part {
  const record = new RehearsalRecord();
  const plan = new RehearsalPlan(faults, chanceOf(seed));
  const transport = new FakeTransport({ ...played, plan, watch: record });
  const unfit: Finding[] = [];
  const check = (event: AnyEvent): void => {
    const says = faultOf(event);
    const { name } = definitionOf(event);
    if (says !== undefined)
      unfit.push({ kind: "doesNotSurvive", subscription: undefined, event: name, says });
  };
  const report = (): RehearsalReport => {
    const { findings, notes } = idempotence(record);
    return reportOf({
      findings: [...findings, ...suspectedOrder(record), ...unfit],
      notes,
      ...tried([record]),
    });
  };
  return { transport, check, report, record, unfit };
}

function faultOf(event: AnyEvent): string | undefined {
  try {
    throughJson(event);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof EnvelopeError) return error.message;
    throw error;
  }
}

function failureOf(faults: Partial<RehearsalFaults>, error: unknown): Finding {
  const kind = faults.reorders === true ? "reliesOnOrder" : "notIdempotent";
  const says = `the scenario passed in calm and failed here: ${error instanceof Error ? error.message : String(error)}`;
  return { kind, subscription: undefined, event: undefined, says };
}
