/** R: what only a connection can prove. */
import type { CaseDefinition, CaseGroup } from "../case.js";
import { network, type Needs } from "../needs.js";

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

function listed(
  needs: Needs,
  cases: Readonly<Record<string, readonly [name: string, about: string]>>,
): CaseDefinition[] {
  return Object.entries(cases).map(([id, [name, about]]) => ({ id, name, about, needs }));
}
