export interface Evidence {
  /** Kills of consumers: when, in milliseconds since the epoch, and the ids of what each had. */
  readonly kills: readonly { readonly log: string; readonly at: number; readonly held: readonly string[] }[];
  /** When the server was down. */
  readonly outages: readonly { readonly from: number; readonly to: number }[];
}
/** Counts by name. */
export function verdictOf(logs: readonly string[], evidence: Evidence): Readonly<Record<string, number>>;
/** What of a report must not be, in sentences. */
export function faultsOf(report: Readonly<Record<string, number>>): readonly string[];
