/** One run: processes that publish and consume, and the killing of them and of the server behind them. */
import { fork } from "node:child_process";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pass } from "node:timers/promises";

import { verdictOf } from "./verdict.mjs";

const LEASE_MS = 1_000;
const SWEEP_MS = LEASE_MS / 2;
/* For processes that share two cores with each other: what a transaction, a handler or a timer may be late. */
const BUSY_MS = 500;
const CONSUMERS = 2;
const DRAIN_MAX_MS = 60_000;

export class Run {
  #program;
  #folder;
  #store;
  #alive = new Set();
  #logs = [];
  #kills = [];
  #outages = [];
  #died = 0;
  #inFlightAtKill = 0;
  #lateness = monitorEventLoopDelay({ resolution: 5 });

  constructor(program, folder, store) {
    this.#program = program;
    this.#folder = folder;
    this.#store = store;
  }

  async cycles(cycles) {
    this.#lateness.enable();
    const consumers = [];
    for (let at = 0; at < CONSUMERS; at++) consumers.push(await this.#started("consume"));
    let publisher = await this.#started("publish");
    for (let cycle = 0; cycle < cycles; cycle++) {
      await pass(50 + Math.random() * 250);
      const victim = this.#store.victims[cycle % this.#store.victims.length];
      if (victim === "publisher") {
        await this.#kill(publisher);
        publisher = await this.#started("publish");
      } else if (victim === "consumer") {
        const at = Math.floor(Math.random() * CONSUMERS);
        await this.#killConsumer(consumers[at]);
        consumers[at] = await this.#started("consume");
      } else await this.#killServer(consumers);
    }
    await this.#kill(publisher);
    await this.#drained();
    return this.#report(cycles);
  }

  /** Nobody that it has started lives on. */
  end() {
    for (const { child } of this.#alive) child.kill("SIGKILL");
    this.#alive.clear();
  }

  #report(cycles) {
    const { ok, recovered, ...verdict } = verdictOf(this.#logs, {
      kills: this.#kills,
      outages: this.#outages,
    });
    const lateMs = Math.round(this.#lateness.max / 1e6);
    const redeliveryMsBound = LEASE_MS + SWEEP_MS + BUSY_MS + lateMs;
    const serverKills = this.#outages.length;
    const inFlightAtKill = this.#inFlightAtKill;
    return {
      cycles,
      ...verdict,
      inFlightAtKill,
      redeliveryMsBound,
      ok,
      recovered,
      serverKills,
      died: this.#died,
    };
  }

  async #started(role) {
    const log = path.join(this.#folder, `${this.#logs.length}.log`);
    this.#logs.push(log);
    const name = `w${this.#logs.length}`;
    const orders = { ...this.#store.orders, log, role, writer: name, lease: LEASE_MS };
    const child = fork(this.#program, [JSON.stringify(orders)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const each = { child, log, name };
    this.#alive.add(each);
    await new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code, signal) => reject(new Error(`A ${role} ended with ${code ?? signal}.`)));
    });
    child.removeAllListeners("exit");
    child.once("exit", () => (this.#died += this.#alive.delete(each) ? 1 : 0)); // nobody has killed it
    return each;
  }

  async #kill(each) {
    this.#alive.delete(each);
    if (each.child.exitCode !== null || each.child.signalCode !== null) return;
    const gone = new Promise((resolve) => each.child.once("exit", resolve));
    each.child.kill("SIGKILL");
    await gone;
  }

  /* It stands still first, so that what is counted is what it had when it was killed. */
  async #killConsumer(each) {
    each.child.kill("SIGSTOP");
    await pass(5);
    const held = await this.#store.heldBy([each.name]);
    this.#inFlightAtKill += held.length;
    this.#kills.push({ log: each.log, at: now(), held });
    await this.#kill(each);
  }

  /* Publishers are in the middle of it; consumers stand still for as long as what they have is counted. */
  async #killServer(consumers) {
    for (const { child } of consumers) child.kill("SIGSTOP");
    await pass(5);
    this.#inFlightAtKill += (await this.#store.heldBy(consumers.map(({ name }) => name))).length;
    const outage = { from: now(), to: Infinity };
    await this.#store.kill();
    for (const { child } of consumers) child.kill("SIGCONT");
    await pass(Math.random() * 300);
    await this.#store.start();
    outage.to = now();
    this.#outages.push(outage);
  }

  async #drained() {
    const until = Date.now() + DRAIN_MAX_MS;
    while ((await this.#store.waiting()) > 0 && Date.now() < until) await pass(50);
  }
}

function now() {
  return performance.timeOrigin + performance.now();
}
