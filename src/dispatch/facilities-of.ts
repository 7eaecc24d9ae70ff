/** The facilities of a bus, made from its options. */
import type { Logger } from "../delivery/notice.js";
import { DeadLetterBox } from "../ledger/dead-letter-box.js";
import { Journal } from "../ledger/journal.js";
import { consoleLogger, Log } from "../ledger/log.js";
import { NoticeBoard } from "../ledger/notice-board.js";
import { Redaction } from "../ledger/redaction.js";
import { Clock } from "../runtime/clock.js";
import { toMs } from "../runtime/duration.js";
import { Ids } from "../runtime/ids.js";
import type { Runtime } from "../runtime/runtime.js";
import { Timers } from "../runtime/timers.js";
import type { BusOptions } from "./bus-options.js";
import type { Carriages } from "./carriages.js";
import { Desks } from "./desks.js";
import type { Facilities } from "./facilities.js";
import { Runs } from "./runs.js";
import { Topics } from "./topics.js";

export function facilitiesOf(
  bus: object,
  options: BusOptions,
  runtime: Runtime,
  carriages: Carriages,
): Facilities {
  const { journal, deadLetters = {}, logger = consoleLogger as Logger } = options;
  const timers = new Timers(runtime);
  const log = new Log(logger);
  const limits = limitsOf(options);
  const desks = new Desks({ runtime, timers, log, ...limits }, () => carriages.ports);
  const origin = { ids: new Ids(runtime.host), source: options.source ?? "/signalbox" };
  return {
    bus,
    runtime,
    timers,
    clock: new Clock({ runtime, timers: new Timers(runtime) }), // an application's sleep outlives a close
    ...origin,
    topics: new Topics((definition) => carriages.of(definition), origin),
    notices: new NoticeBoard(log),
    journal: journal ? new Journal(journal === true ? 10_000 : journal.size, runtime.host) : undefined,
    deadLetters: new DeadLetterBox(deadLetters.max ?? 10_000, toMs(deadLetters.maxAge ?? "30d", "maxAge")),
    redaction: new Redaction(options.redact ?? []),
    log,
    runs: new Runs(origin.ids, runtime.turn, { ...limits, desks }),
    desks,
    carriages,
    stamp: options.stamp,
    keepsContext: options.context ?? true,
    isolate: options.isolate ?? "none",
    onUnhandled: options.onUnhandled ?? "warn",
  };
}

function limitsOf({ results = {} }: BusOptions): { readonly max: number; readonly maxAgeMs: number } {
  const { max = 10_000, maxAge = "1h" } = results;
  return { max, maxAgeMs: toMs(maxAge, "results.maxAge") };
}
