/** What a case is: data with a function that throws. */
import type { Scene } from "./scene.js";
import type { ContractFeatures } from "./subject.js";

export interface CaseDefinition {
  /** As in docs/contract.md: M01. */
  readonly id: string;
  /** Lower case, few words. */
  readonly name: string;
  /** What is given, what happens, what must be so: a sentence for the page. */
  readonly about: string;
  /** Why it does not apply; undefined where it does. */
  readonly needs?: ((features: ContractFeatures) => string | undefined) | undefined;
  /** Whether warnings and errors are logged on purpose. Defaults to `false`: a calm run logs nothing above info. */
  readonly isNoisy?: boolean | undefined;
  /** Whether it looks at the whole process, so that nothing may run beside it. Defaults to `false`. */
  readonly isAlone?: boolean | undefined;
  /** How many times the guard it may take. Defaults to 1. */
  readonly patience?: number | undefined;
  /** Undefined: the kit knows of it and cannot prove it yet. */
  readonly run?: ((scene: Scene) => Promise<void>) | undefined;
}

export interface CaseGroup {
  readonly title: string;
  /** A sentence for the page. */
  readonly about: string;
  readonly cases: readonly CaseDefinition[];
}
