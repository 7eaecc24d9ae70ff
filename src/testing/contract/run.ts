/** Cases of a subject: bound to it, for a test runner; or run one after the other, for a report. */
import { Ids } from "../../runtime/ids.js";
import { processRuntime } from "../../runtime/runtime.js";
import type { CaseDefinition, CaseGroup } from "./case.js";
import { catalogue } from "./catalogue.js";
import { ContractFault } from "./claims.js";
import { Scene } from "./scene.js";
import type { ContractFeatures, Subject, TransportFactory } from "./subject.js";

/** One case of one transport, for any test runner: `test(name, …)` that runs it, or skips it with the reason. */
export interface ContractCase {
  /** M01. */
  readonly id: string;
  /** "M01 round trip". */
  readonly name: string;
  /** Why it is left out; undefined where it runs. */
  readonly reason: string | undefined;
  /** Whether nothing may run beside it. */
  readonly isAlone: boolean;
  /** Rejects with what was expected and what was found. */
  readonly run: () => Promise<void>;
}

const GUARD_MS = 10_000;
const ids: Ids = new Ids(processRuntime.host);

/**
 * The contract of a transport: every case, those that its features leave out with a reason. `create` makes a client for
 * the place of a case; `features` are those that the transport declares, and what the kit must know beside them.
 */
export function contractCases(
  name: string,
  create: TransportFactory,
  features: ContractFeatures,
): readonly ContractCase[] {
  return casesOf(catalogue, { name, create, features });
}

/** The cases of a catalogue; two with one id or name are a `TypeError`. */
export function casesOf(groups: readonly CaseGroup[], subject: Subject): readonly ContractCase[] {
  const definitions = groups.flatMap(({ cases }) => cases);
  refuseTwins(definitions);
  return definitions.map((definition) => ({
    id: definition.id,
    name: `${definition.id} ${definition.name}`,
    reason: reasonOf(definition, subject.features),
    isAlone: definition.isAlone ?? false,
    run: () => guarded(definition, subject),
  }));
}

function reasonOf({ needs, run }: CaseDefinition, features: ContractFeatures): string | undefined {
  return needs?.(features) ?? (run === undefined ? "The kit has no proof of it yet." : undefined);
}

function refuseTwins(definitions: readonly CaseDefinition[]): void {
  const seen = new Set<string>();
  for (const text of definitions.flatMap(({ id, name }) => [id, name])) {
    if (seen.has(text))
      throw new TypeError(`Two cases of the contract are called ${text}. Name one otherwise.`);
    seen.add(text);
  }
}

/* The only real timer of a case under virtual time: it says what is still missing. */
async function guarded(definition: CaseDefinition, subject: Subject): Promise<void> {
  const { id, patience = 1, isNoisy = false } = definition;
  const scene = new Scene(subject, `${id}-${ids.text(ids.next())}`.toLowerCase());
  const ms = (subject.features.guardMs ?? GUARD_MS) * patience;
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    const says = (): string => `${id} did not end within ${ms} ms: ${scene.time.waitsFor()}.`;
    const timer = processRuntime.host.timer(() => reject(new ContractFault(says())), ms);
    stop = () => timer.cancel();
  });
  try {
    await Promise.race([played(definition, scene, isNoisy), late]);
  } finally {
    stop?.();
  }
}

/* What failed is told before what the end of a failed case has to say. */
async function played({ run }: CaseDefinition, scene: Scene, isNoisy: boolean): Promise<void> {
  try {
    await run?.(scene);
  } catch (error) {
    await scene.end(true).catch(() => undefined);
    throw error;
  }
  await scene.end(isNoisy);
}
