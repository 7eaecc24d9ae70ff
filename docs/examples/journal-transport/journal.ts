/** A transport in one file: each line says what became of a delivery, and what is left at the start is delivered again. */
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import type { Features, Group, Item, Settlement, Sink, Transport, WireEnvelope } from "signalbox";

/** A group, or a delivery with its number; a delivery that is over has no item. */
type Line = { readonly group: Group } | { readonly number: number; readonly item?: Item };

const FEATURES: Features = {
  survives: "process", // written before `send` answers, and not synced: a crash of the machine may lose the last lines
  serialises: true,
  holds: "store",
  order: "none",
  counts: "failures",
  fenced: true, // one process has the file
  leaseMs: 0,
  retryAfterMaxMs: 0, // a retry that has to wait does so in the lane
  dueMaxMs: 0,
  priorities: 1,
  dedupeWindowMs: 0,
  bodyBytesMax: 1_048_576,
  transactions: false,
};

export class Journal implements Transport {
  readonly features: Features = FEATURES;
  readonly #path: string;
  readonly #groups = new Map<string, Group>();
  readonly #items = new Map<number, Item>();
  readonly #waiting = new Map<string, number[]>();
  readonly #out = new Map<Item, number>();
  readonly #credit = new Map<string, number>();
  #file: number | undefined;
  #sink: Sink | undefined;
  #last = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async open(sink: Sink): Promise<void> {
    if (existsSync(this.#path)) for (const line of linesOf(this.#path)) this.#take(line);
    const kept: Line[] = [...this.#groups.values()].map((group) => ({ group }));
    for (const [number, item] of this.#items) kept.push({ number, item });
    writeFileSync(`${this.#path}.new`, kept.map(textOf).join(""));
    renameSync(`${this.#path}.new`, this.#path);
    for (const [number, item] of this.#items) this.#queue(item.group).push(number);
    this.#file = openSync(this.#path, "a");
    this.#sink = sink;
  }

  declare(group: Group): void {
    this.#write({ group });
  }

  send(batch: readonly WireEnvelope[]): readonly "accepted"[] {
    for (const envelope of batch)
      for (const group of this.#groups.values())
        if (group.events.includes(envelope.name)) this.#add(group.name, envelope);
    for (const name of this.#groups.keys()) this.#handOut(name);
    return batch.map(() => "accepted");
  }

  credit(group: string, more: number): void {
    this.#credit.set(group, (this.#credit.get(group) ?? 0) + more);
    this.#handOut(group);
  }

  settle(item: Item, settlement: Settlement): "settled" | "stale" {
    const number = this.#out.get(item);
    if (number === undefined) return "stale";
    this.#out.delete(item);
    const again = againOf(item, settlement);
    this.#write(again === undefined ? { number } : { number, item: again });
    if (again !== undefined) this.#queue(item.group).push(number);
    this.#handOut(item.group);
    return "settled";
  }

  stop(): void {
    this.#sink = undefined;
  }

  async close(): Promise<void> {
    this.stop();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    for (const each of [this.#groups, this.#items, this.#waiting, this.#out, this.#credit]) each.clear();
  }

  #add(group: string, envelope: WireEnvelope): void {
    const number = ++this.#last;
    this.#write({ number, item: { group, envelope, failures: 0, deliveries: 0, history: [] } });
    this.#queue(group).push(number);
  }

  /* Written before it is handed out, so that a delivery that kills the process is counted. */
  #handOut(group: string): void {
    for (const queue = this.#queue(group); this.#sink !== undefined && queue.length > 0;) {
      const credit = this.#credit.get(group) ?? 0;
      if (credit <= 0) return;
      this.#credit.set(group, credit - 1);
      const number = queue.shift()!;
      const stored = this.#items.get(number)!;
      const item = { ...stored, deliveries: stored.deliveries + 1 };
      this.#write({ number, item });
      this.#out.set(item, number);
      void this.#sink.deliver(item);
    }
  }

  #write(line: Line): void {
    if (this.#file === undefined) throw new Error(`${this.#path} is not open. Start the bus first.`);
    writeSync(this.#file, textOf(line));
    this.#take(line);
  }

  #take(line: Line): void {
    if ("group" in line) return void this.#groups.set(line.group.name, line.group);
    this.#last = Math.max(this.#last, line.number);
    if (line.item === undefined) this.#items.delete(line.number);
    else this.#items.set(line.number, line.item);
  }

  #queue(group: string): number[] {
    const queue = this.#waiting.get(group) ?? [];
    this.#waiting.set(group, queue);
    return queue;
  }
}

/** The delivery as it waits again; undefined where it is over. */
function againOf(item: Item, settlement: Settlement): Item | undefined {
  if (settlement.kind === "release") return item;
  if (settlement.kind !== "retry") return undefined;
  return { ...item, failures: item.failures + 1, history: [...item.history, settlement.attempt] };
}

/* Bodies are bytes, which JSON does not know. */
function textOf(line: Line): string {
  const bytes = (_: string, value: unknown): unknown =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
  return `${JSON.stringify(line, bytes)}\n`;
}

/* A line that a crash has cut was never accepted. */
function linesOf(path: string): Line[] {
  const bytes = (name: string, value: unknown): unknown =>
    name === "body" ? new Uint8Array(Buffer.from((value as { base64: string }).base64, "base64")) : value;
  const whole = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return whole.map((line) => JSON.parse(line, bytes) as Line);
}
