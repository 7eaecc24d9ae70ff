// graphile-worker: a local queue that fetches in batches, and jobs that are completed in batches.
import { run, makeWorkerUtils } from "graphile-worker";

import { countOf, hasServer, url } from "./server.mjs";

export const name = "graphile-worker";
export const canOpen = hasServer;

const logger = { debug() {}, info() {}, warn() {}, error() {}, scope: () => logger };

export async function open({ schema }, work) {
  const utils = await makeWorkerUtils({ connectionString: url, schema, logger });
  await utils.migrate();
  const runner = work && (await run(runnerOptions(schema, work)));
  return {
    publish: (data) => utils.addJob("bench", data),
    publishAll: (datas) => utils.addJobs(datas.map((payload) => ({ identifier: "bench", payload }))),
    unsettled: () => countOf(`SELECT count(*) FROM ${schema}._private_jobs`),
    async close() {
      await runner?.stop();
      await utils.release();
    },
  };
}

function runnerOptions(schema, { handler, concurrency }) {
  const worker = {
    connectionString: url,
    schema,
    concurrentJobs: concurrency,
    pollInterval: 500,
    localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger,
  };
  return { preset: { worker }, taskList: { bench: (payload) => handler(payload) }, noHandleSignals: true };
}
