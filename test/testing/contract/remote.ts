/** A transport on a server behind a link: it polls and is woken, extends its lease, and connects again. */
import type { Features, Group, Item, Settlement, Sink, Store, Transport, WireEnvelope } from "signalbox";
import { StoreError } from "../../../src/transport/store-errors.js";
import type { Place } from "signalbox/testing/contract";
import { type Answer, type Handed, LEASE_MS, type Server } from "./remote-server.js";

const POLL_MS = 100;
const SILENCE_MS = 1_000;
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 1_000;

type Transaction = Parameters<Server["send"]>[1];

export class Remote implements Transport {
  readonly features: Features = {
    survives: "power",
    serialises: true,
    holds: "store",
    order: "none",
    counts: "failures",
    fenced: true,
    leaseMs: LEASE_MS,
    retryAfterMaxMs: Infinity,
    dueMaxMs: Infinity,
    priorities: 1,
    dedupeWindowMs: 120_000,
    bodyBytesMax: 2 ** 20,
    transactions: true,
  };
  protected readonly server: Server;
  protected readonly place: Place;
  protected readonly groups = new Map<string, Group>();
  protected readonly credits = new Map<string, number>();
  protected readonly out = new Map<Item, Handed>();
  protected sink: Sink | undefined;
  protected isDown = false;
  #isStopped = false;
  #isFetching = false;
  #extendedAt = 0;
  #failures = 0;
  readonly #id: string;
  readonly #hint = (): void => void this.fetch();

  constructor(place: Place, server: Server) {
    this.place = place;
    this.server = server;
    this.#id = place.runtime.host.idPrefix();
  }

  async open(sink: Sink): Promise<void> {
    try {
      await this.ask("hello", () => undefined);
    } catch (error) {
      throw this.failed(error);
    }
    this.sink = sink;
    this.#isStopped = this.isDown = false;
    this.#extendedAt = this.monotonic();
    this.listen();
    this.after(POLL_MS, () => void this.#pulse());
  }

  async declare(group: Group): Promise<void> {
    this.groups.set(group.name, group);
    await this.ask("declare", () => this.server.declare(group));
  }

  async send(
    batch: readonly WireEnvelope[],
    { transaction }: { transaction?: unknown } = {},
  ): Promise<readonly Answer[]> {
    if (transaction !== undefined) return this.server.send(batch, transaction as Transaction);
    try {
      return await this.ask(batch.map(({ id }) => id).join(), () => this.server.send(batch));
    } catch (error) {
      throw this.failed(error);
    }
  }

  credit(group: string, more: number): void {
    this.credits.set(group, (this.credits.get(group) ?? 0) + more);
    void this.fetch();
  }

  async settle(
    item: Item,
    settlement: Settlement,
    { transaction }: { transaction?: unknown } = {},
  ): Promise<"settled" | "stale"> {
    const handed = this.out.get(item);
    if (handed === undefined) return "stale";
    this.out.delete(item);
    const how = { settlement, transaction: transaction as Transaction };
    for (;;)
      try {
        return await this.ask("settle", () => this.server.settle(this.#id, handed, how));
      } catch (error) {
        if (this.sink === undefined) throw error;
        await new Promise<void>((resolve) => this.after(POLL_MS, resolve));
      }
  }

  stop(): void {
    this.#isStopped = true;
  }

  async close(): Promise<void> {
    this.sink = undefined;
    this.server.hints.delete(this.#hint);
    await this.leave().catch(() => undefined);
    this.server.wire.drop(this);
    this.credits.clear();
    this.out.clear();
  }

  readonly store = {
    removeGroup: (group: string) => this.ask("remove", () => void this.server.groups.delete(group)),
    deadLetters: ({ group }: { group?: string }) =>
      this.server.letters.filter(({ item }) => group === undefined || item.group === group),
  } as unknown as Store;

  // ── What a broken one does otherwise ──────────────────────────────────────────────────────────────────────────

  protected leave(): Promise<void> {
    return this.ask("leave", () => this.server.leave(this.#id));
  }

  protected listen(): void {
    this.server.hints.add(this.#hint);
  }

  /* Whoever hears nothing for a second takes its connection for gone. */
  protected ask<T>(text: string, work: () => T): Promise<T> {
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.place.runtime.host.timer(() => {
        this.server.wire.drop(this);
        reject(new Error("no answer"));
      }, this.silenceMs());
    });
    return Promise.race([this.#asked(text, work), late])
      .then((answer) => (this.up(), answer))
      .catch((error: unknown) => {
        this.down(error as Error);
        throw error;
      })
      .finally(() => timer?.cancel());
  }

  async #asked<T>(text: string, work: () => T): Promise<T> {
    if (this.server.wire.connect(this) && this.groups.size > 0) void this.connectedAgain();
    return this.server.wire.ask(this, text, work);
  }

  protected silenceMs(): number {
    return SILENCE_MS;
  }

  protected backOffMs(failures: number): number {
    return Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MAX_MS);
  }

  protected failed(error: unknown): Error {
    return new StoreError("remote", "broken", `${(error as Error).message}. Look at the server.`, {
      cause: error,
    });
  }

  protected down(error: Error): void {
    this.#failures++;
    if (this.isDown || this.sink === undefined) return;
    this.isDown = true;
    this.sink.changed("down", error);
  }

  protected up(): void {
    this.#failures = 0;
    if (!this.isDown) return;
    this.isDown = false;
    this.sink?.changed("up");
  }

  protected async connectedAgain(): Promise<void> {
    this.listen();
    for (const group of this.groups.values()) await this.declare(group).catch(() => undefined);
  }

  protected gone({ item, group }: Handed): void {
    this.sink?.lost(item, this.server.groups.has(group) ? "lease" : "removed");
  }

  protected async extend(): Promise<void> {
    const own = await this.ask("extend", () => this.server.extend(this.#id));
    for (const handed of this.out.values())
      if (!own.has(handed.entry)) {
        this.out.delete(handed.item);
        this.gone(handed);
      }
  }

  protected async fetch(): Promise<void> {
    const wanted = [...this.credits].filter(([, credit]) => credit > 0);
    if (this.#isStopped || this.#isFetching || this.sink === undefined || wanted.length === 0) return;
    this.#isFetching = true;
    const came = await this.ask("fetch", () => this.server.fetch(this.#id, new Map(wanted))).catch(() => []);
    this.#isFetching = false;
    for (const handed of came) this.#deliver(handed);
    if (came.length > 0) void this.fetch();
  }

  #deliver(handed: Handed): void {
    this.credits.set(handed.group, this.credits.get(handed.group)! - 1);
    this.out.set(handed.item, handed);
    void this.sink?.deliver(handed.item);
  }

  async #pulse(): Promise<void> {
    if (this.sink === undefined) return;
    const isDue = this.monotonic() - this.#extendedAt >= LEASE_MS / 6;
    if (isDue || this.isDown) {
      await this.extend().then(
        () => (this.#extendedAt = this.monotonic()),
        () => undefined,
      );
    }
    await this.fetch();
    this.after(this.isDown ? this.backOffMs(this.#failures) : POLL_MS, () => void this.#pulse());
  }

  protected after(ms: number, run: () => void): void {
    this.place.runtime.host.timer(run, ms);
  }

  protected monotonic(): number {
    return this.place.runtime.host.monotonic();
  }
}
