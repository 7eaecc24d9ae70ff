// plainjob on better-sqlite3. A worker runs one job after the other; it sets NORMAL, FULL is asked for afterwards.
import path from "node:path";

import Database from "better-sqlite3";
import { better, defineQueue, defineWorker } from "plainjob";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const POLL_MS = 1; // its default of 1,000 would be what is measured

const peerWith = (synchronous) => ({
  name: `plainjob, ${synchronous}`,
  async open({ folder }, work) {
    const database = new Database(path.join(folder, "plainjob.db"));
    const connection = better(database);
    const queue = defineQueue({ connection, logger });
    database.pragma(`synchronous = ${synchronous}`);
    const unsettled = database.prepare("SELECT count(*) AS count FROM plainjob_jobs WHERE status < 2");
    const run = (job) => work.handler(JSON.parse(job.data));
    const worker = work && defineWorker("bench", run, { queue, logger, pollIntervall: POLL_MS });
    const started = worker?.start();
    const now = (datas) => {
      queue.addMany("bench", datas);
      // It leaves the time of what is added so empty, and such a job is never due.
      database.exec("UPDATE plainjob_jobs SET next_run_at = created_at WHERE next_run_at IS NULL");
    };
    return {
      publish: async (data) => queue.add("bench", data),
      publishAll: async (datas) => now(datas),
      unsettled: () => unsettled.get().count,
      async close() {
        await worker?.stop();
        await started;
        queue.close();
      },
    };
  },
});

export const variants = { full: peerWith("full"), normal: peerWith("normal") };
