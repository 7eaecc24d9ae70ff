/** What all of dispatch works with: one per bus, put together by bus.ts. */
import type { EventHeaders } from "../event/envelope.js";
import type { DeadLetterBox } from "../ledger/dead-letter-box.js";
import type { Journal } from "../ledger/journal.js";
import type { Log } from "../ledger/log.js";
import type { NoticeBoard } from "../ledger/notice-board.js";
import type { Redaction } from "../ledger/redaction.js";
import type { Ids } from "../runtime/ids.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Timers } from "../runtime/timers.js";
import type { Clock } from "../runtime/clock.js";
import type { Carriage } from "./carriage.js";
import type { Desks } from "./desks.js";
import type { Runs } from "./runs.js";
import type { Topics } from "./topics.js";

export interface Facilities {
  /** The bus, as the frames of the async context know it. */
  readonly bus: object;
  readonly runtime: Runtime;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly notices: NoticeBoard;
  readonly journal: Journal | undefined;
  readonly deadLetters: DeadLetterBox;
  readonly redaction: Redaction;
  readonly log: Log;
  readonly runs: Runs;
  /** Where runs are written down that may be handled elsewhere. */
  readonly desks: Desks;
  /** The transport of what names none. */
  readonly carriages: { readonly default: Carriage };
  readonly source: string;
  readonly stamp: (() => EventHeaders) | undefined;
  /** Whether handlers run in the async context of their publisher, and publishes know their cause. */
  readonly keepsContext: boolean;
  readonly isolate: "none" | "freeze";
  readonly onUnhandled: "warn" | "error" | "ignore";
}
