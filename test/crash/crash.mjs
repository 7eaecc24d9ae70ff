/**
 * Kills real processes at random moments: `npm run crash -- --transport sqlite --cycles 200 --json`. Each cycle a publisher or
 * a consumer is killed with SIGKILL and another takes its place; in the end everything is drained, and the logs are compared.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pass } from "node:timers/promises";
import { parseArgs } from "node:util";

import { worker } from "./build.mjs";
import { verdictOf } from "./verdict.mjs";

const LEASE_MS = 1_000;
const CONSUMERS = 2;
const DRAIN_MAX_MS = 60_000;

const { values } = parseArgs({
  options: {
    transport: { type: "string", default: "sqlite" },
    cycles: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
if (values.transport !== "sqlite") {
  console.error(`No transport is called ${values.transport} here. Known: sqlite.`);
  process.exit(2);
}

const folder = mkdtempSync(path.join(tmpdir(), "signalbox-crash-"));
const file = path.join(folder, "events.db");
const program = await worker(folder);
const alive = new Set();
const logs = [];
const kills = [];
let inFlightAtKill = 0;
let newestOwner = 0;

try {
  const report = await run(Number(values.cycles));
  console.log(values.json ? JSON.stringify(report) : report);
  const isFine = report.lost + report.unexpected + report.orderViolations === 0;
  process.exitCode = isFine && report.duplicates <= report.inFlightAtKill ? 0 : 1;
} finally {
  for (const each of alive) each.child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function run(cycles) {
  const consumers = [];
  for (let at = 0; at < CONSUMERS; at++) consumers.push(await started("consume"));
  let publisher = await started("publish");
  for (let cycle = 0; cycle < cycles; cycle++) {
    await pass(50 + Math.random() * 250);
    if (cycle % 2 === 0) {
      await kill(publisher);
      publisher = await started("publish");
    } else {
      const at = cycle % CONSUMERS === 1 ? Math.floor(Math.random() * CONSUMERS) : 0;
      await kill(consumers[at]);
      consumers[at] = await started("consume");
    }
  }
  await kill(publisher);
  await drained();
  const { ok, recovered, ...verdict } = verdictOf(logs, kills);
  return { cycles, ...verdict, ok, recovered, inFlightAtKill };
}

async function started(role) {
  const log = path.join(folder, `${logs.length}.log`);
  logs.push(log);
  const orders = { file, log, role, writer: `w${logs.length}`, lease: LEASE_MS };
  const child = fork(program, [JSON.stringify(orders)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const each = { child, log, role, owner: 0 };
  alive.add(each);
  await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code, signal) => reject(new Error(`A ${role} ended with ${code ?? signal}.`)));
  });
  child.removeAllListeners("exit");
  if (role === "consume") each.owner = await ownerOf();
  return each;
}

/* Consumers start one after the other, so that the newest is the one that has just begun. */
async function ownerOf() {
  for (;;) {
    const owner = ask("SELECT max(id) AS value FROM signalbox_consumers") ?? 0;
    if (owner > newestOwner) return (newestOwner = owner);
    await pass(5);
  }
}

/* It stands still first, so that what is counted is what it had when it was killed. */
async function kill(each) {
  const gone = new Promise((resolve) => each.child.once("exit", resolve));
  each.child.kill("SIGSTOP");
  await pass(5);
  if (each.role === "consume") {
    const held = heldBy(each.owner);
    inFlightAtKill += held.length;
    kills.push({ log: each.log, at: performance.timeOrigin + performance.now(), held });
  }
  each.child.kill("SIGKILL");
  await gone;
  alive.delete(each);
}

async function drained() {
  const until = Date.now() + DRAIN_MAX_MS;
  while (ask("SELECT count(*) AS value FROM signalbox_deliveries") > 0)
    if (Date.now() > until) return;
    else await pass(50);
}

function heldBy(owner) {
  const tables = "signalbox_deliveries JOIN signalbox_envelopes ON seq = envelope";
  return rows(`SELECT id AS value FROM ${tables} WHERE owner = ${owner}`);
}

function ask(sql) {
  return rows(sql)[0];
}

function rows(sql) {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare(sql)
      .all()
      .map(({ value }) => value);
  } finally {
    database.close();
  }
}
