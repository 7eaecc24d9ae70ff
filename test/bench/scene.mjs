// A candidate with its workload before it: the handler, the events, and the function that runs them.
import { peerOf } from "./catalogue.mjs";

/** `undefined` where the candidate has not what the workload needs. `gather` keeps the events, which are made one by one. */
export async function setScene(candidate, workload, gather = Array.from) {
  const peer = await peerOf(candidate);
  const open = peer[workload.ability];
  if (open === undefined || !workload.needs.every((need) => peer.has?.includes(need))) return undefined;

  const { needs, types = 1, concurrency = 10 } = workload;
  const setup = { needs, types, concurrency };
  const handler = workload.handler();
  const bare = await open({ ...setup, handler });
  // Nothing around the limit: what the others need there may cost it something.
  const run = peer.isLimit ? bare : await workload.around(bare);
  const events = gather(eventsOf(peer, workload, setup));

  /** Last of all, because another handler spoils what the engine has learnt: is every event handled? */
  async function check() {
    let handled = 0;
    handler.handle = async () => void handled++;
    const some = events.slice(0, 1_000);
    await run(some);
    return { handled, expected: some.length * (peer.handledPerEvent ?? 1) };
  }

  return { name: candidate.name ?? peer.name, isLimit: peer.isLimit, handler, events, run, check };
}

function* eventsOf({ eventOf = Object.freeze }, { count, dataOf }, setup) {
  for (let index = 0; index < count; index++) yield eventOf(dataOf(index), setup);
}
