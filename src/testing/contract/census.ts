/** Sets of ids, never only their number: what was written, accepted, refused and read, and what follows from it. */
import { ContractFault } from "./claims.js";

/** As Jepsen's checker of queues sorts them. */
export interface Verdict {
  /** Accepted, and read. */
  readonly ok: readonly string[];
  /** Accepted, and never read. */
  readonly lost: readonly string[];
  /** Not known to be accepted, and read all the same. */
  readonly recovered: readonly string[];
  /** Read, and never written. */
  readonly unexpected: readonly string[];
  /** Read more than once. */
  readonly duplicates: readonly string[];
}

/** Ids are `<writer>-<number>`, the numbers of a writer in the order in which it wrote. */
export class Census {
  readonly #written = new Set<string>();
  readonly #accepted = new Set<string>();
  readonly #read = new Map<string, number>();
  #waitedFor = 0;

  wrote(id: string): void {
    this.#written.add(id);
  }

  accepted(id: string): void {
    if (this.#accepted.has(id)) return;
    this.#accepted.add(id);
    if (!this.#read.has(id)) this.#waitedFor++;
  }

  read(id: string): void {
    const times = this.#read.get(id) ?? 0;
    this.#read.set(id, times + 1);
    if (times === 0 && this.#accepted.has(id)) this.#waitedFor--;
  }

  get acceptedIds(): Iterable<string> {
    return this.#accepted;
  }
  get acceptedCount(): number {
    return this.#accepted.size;
  }
  get readCount(): number {
    return this.#read.size;
  }
  /** Whether everything that was accepted has been read. */
  get isComplete(): boolean {
    return this.#waitedFor === 0;
  }

  verdict(): Verdict {
    const read = [...this.#read.keys()];
    return {
      ok: read.filter((id) => this.#accepted.has(id)),
      lost: [...this.#accepted].filter((id) => !this.#read.has(id)),
      recovered: read.filter((id) => this.#written.has(id) && !this.#accepted.has(id)),
      unexpected: read.filter((id) => !this.#written.has(id)),
      duplicates: read.filter((id) => this.#read.get(id)! > 1),
    };
  }

  /** Throws unless exactly what was accepted has been read, each once. */
  check({ recovered = "fault", duplicates = "fault" }: CensusRules = {}): void {
    const verdict = this.verdict();
    const faults = [
      lossOf(verdict.lost, [...this.#written]),
      listOf("came though nobody wrote them", verdict.unexpected),
      recovered === "fault" ? listOf("came though they were refused", verdict.recovered) : "",
      duplicates === "fault" ? listOf("came more than once", verdict.duplicates) : "",
    ].filter((fault) => fault !== "");
    if (faults.length > 0) throw new ContractFault(faults.join("\n"));
  }

  /** What is still missing, for whoever waits. */
  missing(): string {
    return lossOf(this.verdict().lost, [...this.#written]) || "nothing that was accepted is missing";
  }
}

export interface CensusRules {
  readonly recovered?: "fault" | "fine" | undefined;
  readonly duplicates?: "fault" | "fine" | undefined;
}

const LISTED_MAX = 20;

function listOf(what: string, ids: readonly string[]): string {
  if (ids.length === 0) return "";
  const more = ids.length > LISTED_MAX ? `, and ${ids.length - LISTED_MAX} more` : "";
  return `${ids.length} ${what}: ${ids.slice(0, LISTED_MAX).join(", ")}${more}.`;
}

/* Where in each writer's row the holes are says what lost them: a late group, a restart, a close. */
function lossOf(lost: readonly string[], written: readonly string[]): string {
  if (lost.length === 0) return "";
  const missing = new Set(lost);
  const where = { prefix: 0, middle: 0, postfix: 0 };
  for (const row of rowsOf(written)) {
    const first = row.findIndex((id) => !missing.has(id));
    const last = row.findLastIndex((id) => !missing.has(id));
    for (const [at, id] of row.entries())
      if (missing.has(id)) where[first === -1 || at < first ? "prefix" : at > last ? "postfix" : "middle"]++;
  }
  const { prefix, middle, postfix } = where;
  return `${listOf("were accepted and never came", lost)} Of them ${prefix} first, ${middle} in the middle, ${postfix} last of their writers.`;
}

function rowsOf(written: readonly string[]): Iterable<string[]> {
  const rows = new Map<string, string[]>();
  for (const id of written) {
    const row = rows.get(writerOf(id));
    if (row === undefined) rows.set(writerOf(id), [id]);
    else row.push(id);
  }
  return rows.values();
}

function writerOf(id: string): string {
  return id.slice(0, id.lastIndexOf("-"));
}
