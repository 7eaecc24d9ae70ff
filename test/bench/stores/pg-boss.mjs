// pg-boss: woken by NOTIFY, a hundred jobs a fetch and the next at once, and completed together.
import { PgBoss } from "pg-boss";

import { countOf, hasServer, url } from "./server.mjs";

export const name = "pg-boss";
export const canOpen = hasServer;

const QUEUE = "bench";

export async function open({ schema }, work) {
  const boss = new PgBoss({ connectionString: url, schema, useListenNotify: true, schedule: false });
  boss.on("error", () => {}); // what is in the way of a sample fails its check
  await boss.start();
  if ((await boss.getQueue(QUEUE)) === null) await boss.createQueue(QUEUE, { notify: true });
  const options = { batchSize: 100, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  const run = (jobs) => Promise.all(jobs.map(({ data }) => work.handler(data)));
  if (work !== undefined) await boss.work(QUEUE, options, run);
  return {
    publish: (data) => boss.send(QUEUE, data),
    publishAll: (datas) =>
      boss.insert(
        QUEUE,
        datas.map((data) => ({ data })),
      ),
    unsettled: () =>
      countOf(`SELECT count(*) FROM ${schema}.job WHERE name = '${QUEUE}' AND state < 'completed'`),
    close: () => boss.stop({ graceful: true, close: true, wait: true }),
  };
}
