/** `rehearsal: true`: every transport of the bus redelivers and reorders, and one report says what came of it. */
import type { AnyEvent, BusOptions, Transport } from "../index.js";
import type { Host } from "../runtime/host.js";
import { type Rehearsal, rehearsal, transactionalRehearsal } from "./fake/rehearsal.js";
import { type RehearsalReport, reportOf } from "./fake/rehearsal-report.js";
import type { TestOnly } from "./test-bus-options.js";

export class Rehearsing {
  readonly #runs: readonly Rehearsal[];
  /** In the place of the application's own. */
  readonly transports: NonNullable<BusOptions["transports"]>;

  constructor(options: BusOptions, { seed, client }: TestOnly, host: Host) {
    const { transport, transports = transport === undefined ? {} : { default: transport } } = options;
    const names = new Set(["default", ...Object.keys(transports)]);
    const runOf = (name: string): Rehearsal =>
      begins(transports[name]) ? transactionalRehearsal(seed, client) : rehearsal({ seed });
    const runs = [...names].map((name) => [name, runOf(name)] as const);
    this.#runs = runs.map(([, run]) => run);
    this.transports = Object.fromEntries(
      runs.map(([name, { transport }]) => [name, transport.runOn(host)] as const),
    );
  }

  /** Notes an event that does not survive JSON. */
  check(event: AnyEvent): void {
    this.#runs[0]?.check(event);
  }

  report(): RehearsalReport {
    const reports = this.#runs.map((run) => run.report());
    return reportOf({
      findings: reports.flatMap(({ findings }) => findings),
      notes: reports.flatMap(({ notes }) => notes),
      redelivered: reports.flatMap(({ redelivered }) => redelivered),
      reordered: reports.flatMap(({ reordered }) => reordered),
      untried: reports.flatMap(({ untried }) => untried),
    });
  }
}

function begins(transport: Transport | undefined): boolean {
  return transport?.begin !== undefined && transport.features.holds === "store";
}
