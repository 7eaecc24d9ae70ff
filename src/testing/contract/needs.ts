/** Why a case does not apply: reasons in sentences, from what a transport declares. */
import type { Refusable } from "./hooks.js";
import type { ContractFeatures } from "./subject.js";

/** Answers why a case is left out; undefined where it is not. */
export type Needs = (features: ContractFeatures) => string | undefined;

export function all(...needs: readonly Needs[]): Needs {
  return (features) => needs.map((each) => each(features)).find((reason) => reason !== undefined);
}

export const network: Needs = ({ network: has = false }) =>
  has ? undefined : "There is no connection that could break.";

export const durable: Needs = ({ survives }) =>
  survives === "nothing" ? "Nothing survives the process (survives: nothing)." : undefined;

export const power: Needs = ({ survives }) =>
  survives === "power" ? undefined : `Power loss is not survived (survives: ${survives}).`;

export const lease: Needs = ({ leaseMs }) => (leaseMs > 0 ? undefined : "There is no lease (leaseMs: 0).");

export const store: Needs = ({ holds }) =>
  holds === "store" ? undefined : "No store holds the queue (holds: lane).";

export const lane: Needs = ({ holds }) =>
  holds === "lane" ? undefined : "The store holds the queue, not the lane (holds: store).";

export const bytes: Needs = ({ serialises }) =>
  serialises ? undefined : "Events are not serialised: nothing can be undecodable (serialises: false).";

export const ordered: Needs = ({ order }) =>
  order === "none" ? "No order is kept (order: none)." : undefined;

export const orderedByKey: Needs = ({ order }) =>
  order === "key" ? undefined : `Order is not kept per key (order: ${order}).`;

export const due: Needs = ({ dueMaxMs }) =>
  dueMaxMs > 0 ? undefined : "No delay can be asked for at publish (dueMaxMs: 0).";

export const dedupe: Needs = ({ dedupeWindowMs }) =>
  dedupeWindowMs > 0 ? undefined : "Ids are not deduplicated at publish (dedupeWindowMs: 0).";

export const noDedupe: Needs = ({ dedupeWindowMs }) =>
  dedupeWindowMs > 0 ? "Ids are deduplicated at publish; U1 proves it." : undefined;

export const transactions: Needs = ({ transactions: joins }) =>
  joins ? undefined : "It cannot join a transaction of the application's database (transactions: false).";

/* Without a lease nobody can tell who is gone, so that one process at a time has the store. */
export const shared: Needs = all(durable, lease);

/* In milliseconds, of a lease that a case waits for in real time. */
const LEASE_MAX = 5_000;

/* A client falls silent, and its lease runs out. */
export const silent: Needs = all(shared, ({ time, sleeps = false, leaseMs }) =>
  time === "virtual" || (sleeps && leaseMs <= LEASE_MAX)
    ? undefined
    : "A client must fall silent, and its lease run out: under virtual time, or with `sleeps` and a short lease.",
);

export const fenced: Needs = ({ fenced: is }) =>
  is ? undefined : "A late settlement is taken for a good one (fenced: false).";

/** Whether the subject has a hook. */
export function told(name: keyof typeof TOLD): Needs {
  return (features) => (features[name] === undefined ? untold(TOLD[name], name) : undefined);
}

/** Whether the subject can have its store refuse something. */
export function refuses(what: Refusable): Needs {
  return ({ refuse }) =>
    refuse?.[what] === undefined
      ? untold("its store is made to refuse something", `refuse.${what}`)
      : undefined;
}

const TOLD = {
  begin: "a transaction is begun",
  corrupt: "a stored envelope is spoilt",
  lend: "a connection of the application is lent",
  fork: "a process of its own is started",
  link: "its connection is disturbed",
  attempts: "connections that are asked for are counted",
  loseAnswer: "an answer is lost",
  killServer: "its server is killed",
  losePower: "its server loses power",
  loseGroups: "its server forgets its groups",
  revoke: "the right to write is taken away",
  killNotifier: "what wakes its consumers is killed",
} as const;

function untold(how: string, hook: string): string {
  return `The kit was not told how ${how} (${hook}).`;
}

export const begins: Needs = all(transactions, told("begin"));

export const link: Needs = all(network, told("link"));

export const writesAtOnce: Needs = ({ writesInTurn = false }) =>
  writesInTurn ? "No second transaction can write while one is open (writesInTurn)." : undefined;

export const countsFailures: Needs = ({ counts }) =>
  counts === "failures" ? undefined : "What is given back counts as a failure (counts: deliveries).";

export const virtual: Needs = ({ time }) =>
  time === "virtual" ? undefined : "It would take as long as it says: only under virtual time.";

export const countable: Needs = ({ time }) =>
  time === "virtual" ? undefined : "Timers can be counted under virtual time only.";

/* A process that is killed: a real one, or under virtual time one that falls silent. */
export const killable: Needs = all(shared, (features) =>
  features.time === "virtual" ? undefined : told("fork")(features),
);
