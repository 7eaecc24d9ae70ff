/** All cases, in the order of the page: those that every transport must pass, then those of what it declares. */
import type { CaseGroup } from "./case.js";
import { closing } from "./cases/closing.js";
import { concurrency } from "./cases/concurrency.js";
import { dedupe } from "./cases/dedupe.js";
import { delay } from "./cases/delay.js";
import { durable } from "./cases/durable.js";
import { reconnect } from "./cases/reconnect.js";
import { errors } from "./cases/errors.js";
import { fidelity } from "./cases/fidelity.js";
import { groups } from "./cases/groups.js";
import { inspection } from "./cases/inspection.js";
import { lease } from "./cases/leases.js";
import { leaving } from "./cases/leaving.js";
import { lifecycle } from "./cases/lifecycle.js";
import { load } from "./cases/load.js";
import { ordered } from "./cases/ordered.js";
import { poison } from "./cases/poison.js";
import { pressure } from "./cases/pressure.js";
import { publishing } from "./cases/publishing.js";
import { schedules } from "./cases/schedules.js";
import { settling } from "./cases/settling.js";
import { transactions } from "./cases/transactions.js";

/** M01 to M60. */
export const musts: readonly CaseGroup[] = [
  publishing,
  settling,
  errors,
  concurrency,
  closing,
  leaving,
  lifecycle,
  fidelity,
  load,
];

/** What the declared features choose. */
export const capabilities: readonly CaseGroup[] = [
  durable,
  lease,
  ordered,
  delay,
  dedupe,
  groups,
  poison,
  pressure,
  reconnect,
  transactions,
  schedules,
  inspection,
];

export const catalogue: readonly CaseGroup[] = [...musts, ...capabilities];
