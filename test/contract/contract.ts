/** The contract as a command: `npm run contract -- --transport memory [--json] [--stress] [--only M01,M02]`, or `--page`. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { memory } from "signalbox";
import {
  type ContractCase,
  contractCases,
  type ContractFeatures,
  type ContractReport,
  reportContract,
  type TransportFactory,
} from "signalbox/testing/contract";
import { create as createFake, features as fakeFeatures } from "./fake-subject.ts";
import { page } from "./page.ts";
import { create as createPostgres, featuresHere, leaveServer } from "./postgres-subject.ts";
import { create as createSqlite, features as sqliteFeatures } from "./sqlite-subject.ts";
import { missing } from "../support/postgres-schemas.ts";

type Print = (text: string) => void;
type Subject = readonly [create: TransportFactory, features: ContractFeatures];

/** Transports of the house that the command knows by name. */
export const transports: Readonly<Record<string, Subject>> = {
  memory: [() => memory(), { ...memory().features, time: "virtual" }],
  sqlite: [createSqlite, sqliteFeatures],
  postgres: [createPostgres, featuresHere],
  fake: [createFake, fakeFeatures],
};

/* Most of the time a server, or a lease, is waited for. */
const AT_ONCE = 5;
const STRESS = { times: 10, patience: 5 };

/** Runs the command and answers its exit code: 1 where a case failed, 2 where the arguments make no sense. */
export async function command(args: readonly string[], print: Print): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      transport: { type: "string", default: "memory" },
      json: { type: "boolean", default: false },
      stress: { type: "boolean", default: false },
      only: { type: "string" },
      page: { type: "boolean", default: false },
    },
  });
  if (values.page) return writePage(print);
  const subject = transports[values.transport];
  if (subject === undefined) {
    print(`No transport is called ${values.transport}. Known: ${Object.keys(transports).join(", ")}.`);
    return 2;
  }
  const reason = values.transport === "postgres" ? await missing() : undefined;
  if (reason !== undefined) {
    print(`Left out. ${reason}`);
    return 0;
  }
  const cases = casesOf(values.transport, subject, values);
  const told = values.json ? undefined : (each: ContractCase, error?: Error) => print(lineOf(each, error));
  const times = values.stress ? STRESS.times : 1;
  const atOnce = values.stress || subject[1].time === "virtual" ? 1 : AT_ONCE;
  const report = await reportContract(values.transport, cases, { times, atOnce, onEnd: told });
  await leaveServer();
  print(values.json ? JSON.stringify(report, null, 2) : summaryOf(report));
  return report.failed > 0 ? 1 : 0;
}

function casesOf(
  name: string,
  [create, features]: Subject,
  { only, stress }: { only?: string | undefined; stress: boolean },
): readonly ContractCase[] {
  const { guardMs = 10_000 } = features;
  const patient = { ...features, guardMs: stress ? guardMs * STRESS.patience : guardMs };
  const wanted = only?.split(",");
  return contractCases(name, create, patient).filter(({ id }) => wanted?.includes(id) ?? true);
}

function lineOf({ name }: ContractCase, error: Error | undefined): string {
  return error === undefined ? `ok      ${name}` : `FAILED  ${name}\n        ${error.message}`;
}

function summaryOf({ transport, passed, failed, skipped }: ContractReport): string {
  const left = skipped.map(({ id, reason }) => `left out ${id}: ${reason}`);
  return [...left, `${transport}: ${passed} passed, ${failed} failed, ${skipped.length} left out`].join("\n");
}

function writePage(print: Print): number {
  writeFileSync(fileURLToPath(new URL("../../docs/contract.md", import.meta.url)), page());
  print("docs/contract.md is written.");
  return 0;
}

/* oxlint-disable no-console -- it is a command */
if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await command(process.argv.slice(2), (text) => console.log(text));
