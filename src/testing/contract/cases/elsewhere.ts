/** R and S: what only a connection or a schedule can prove. */
import type { CaseDefinition, CaseGroup } from "../case.js";
import { durable as survives, network, type Needs } from "../needs.js";

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
