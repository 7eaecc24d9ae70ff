/** D, L, R and S: what only a store, a lease, a connection or a schedule can prove. */
import type { CaseDefinition, CaseGroup } from "../case.js";
import { all, durable as survives, lease as leases, network, type Needs, power } from "../needs.js";
import type { Scene } from "../scene.js";

export const durable: CaseGroup = {
  title: "Durability",
  about: "What survives the loss of a process (`survives`).",
  cases: [
    {
      id: "D1",
      name: "published while nobody consumed",
      about:
        "50 events, published by a bus whose consumer stands still, and closed: the next bus handles all.",
      needs: survives,
      run: whileNobodyConsumed,
    },
    ...listed(survives, {
      D2: [
        "a consumer is killed",
        "In the middle of a handler: the event comes again elsewhere, as delivery 2.",
      ],
      D3: [
        "a consumer is killed each time",
        "After so many crashes the event is a dead letter (`poison`), not a loop.",
      ],
      D4: ["a producer is killed after the publish", "The event is there once."],
      D5: [
        "a producer is killed before the publish resolved",
        "The event is there once or not at all, never in part.",
      ],
      D6: ["the server is killed", "Twice during 10,000 events: nothing that was accepted is lost."],
      D7: ["the server restarts while all are idle", "Consumers are there again, and receive."],
    }),
    ...listed(all(survives, power), {
      D8: ["power loss", "What was not synced is gone: nothing that was accepted is."],
    }),
    ...listed(survives, {
      D9: ["a full store", "`publish` rejects; consumers go on when there is room again."],
      D10: ["a corrupt record", "It is a dead letter, and its neighbours go on."],
      D11: ["the schema", "It is installed twice, by many at once, and refuses what is newer."],
      D12: ["connections that come and go", "Locks are released, and the event is there again."],
    }),
  ],
};

export const lease: CaseGroup = {
  title: "Leases",
  about: "Who has an event, and for how long (`leaseMs`).",
  cases: listed(leases, {
    L1: ["longer than its lease", "A handler runs for three leases: one execution."],
    L2: ["extensions end", "At the settlement, and at the close."],
    L3: ["an extension is refused", "The signal aborts; a success is `stale`."],
    L4: ["a lease is stolen", "The second owner's delivery is not disturbed by the first."],
    L5: ["an extension throws", "It is tried again, and nothing crashes."],
    L6: ["extensions during a close", "What drains keeps its lease."],
    L7: ["the event loop was blocked", "It is told, and a second run is allowed."],
    L8: ["the sweeper", "In batches, restarted, beside others: no duplicates."],
    L9: ["removed while it was out", "It is passed over, and counted."],
  }),
};

export const reconnect: CaseGroup = {
  title: "Reconnecting",
  about: "A connection that breaks (`network`).",
  cases: listed(network, {
    R1: ["a connection is reset", "It is made again, and nothing is lost."],
    R2: ["a half-open connection", "A heartbeat finds it."],
    R3: ["latency and fragments", "Nothing changes but the time."],
    R4: ["no server at the start", "Consumers go on trying; publishes fail, or wait, as configured."],
    R5: ["back-off", "With jitter and a ceiling; a close ends it."],
    R6: ["the topology is gone", "It is declared again."],
    R7: ["a stream is deleted", "A typed error."],
    R8: ["a read that never ends", "A watchdog ends it."],
    R9: ["permission is lost", "A typed error."],
    R10: ["the notifier crashes", "Consumers listen again."],
  }),
};

export const schedules: CaseGroup = {
  title: "Schedules on a shared store",
  about: "What is due fires once, whoever is there.",
  cases: listed(survives, {
    S1: ["one fire per slot", "With any number of processes."],
    S2: ["a clock goes back", "No second fire."],
    S3: ["clocks that are apart", "They are tolerated."],
    S4: ["missed slots", "They are made up for, up to a limit."],
    S5: ["summer time", "Gaps and overlaps, per time zone."],
    S6: ["the leader crashes", "Another takes over within the lease."],
    S7: ["many upserts", "One schedule is left."],
    S8: ["an expression that is none", "It is refused at the start."],
  }),
};

function listed(
  needs: Needs,
  cases: Readonly<Record<string, readonly [name: string, about: string]>>,
): CaseDefinition[] {
  return Object.entries(cases).map(([id, [name, about]]) => ({ id, name, about, needs }));
}

async function whileNobodyConsumed(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  const first = await scene.started((on) => scene.listen(on, Note, { name }));
  first.lanes.get(name)!.pause();
  await scene.write(first, Note, { writers: 5, each: 10 });
  await scene.close(first);
  await scene.started((on) => scene.listen(on, Note, { name }));
  await scene.allRead();
}
