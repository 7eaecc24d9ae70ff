/** One case's stage: its place, its clock, its buses and transports, its names, its log; nothing of it is another's. */
import { Bus } from "../../bus.js";
import type { Delivery } from "../../delivery/delivery.js";
import type { Logger } from "../../delivery/notice.js";
import type { SubscriptionOptions } from "../../delivery/policies.js";
import type { BusOptions } from "../../index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Transport } from "../../transport/transport.js";
import { Census, type CensusRules } from "./census.js";
import { claim, claimSame } from "./claims.js";
import { Hand, type HandOptions } from "./hand.js";
import type { Hooks, OpenTransaction, Refusable } from "./hooks.js";
import { type Note, noteClass, type NoteClass } from "./notes.js";
import { CaseTime, type PassingTime, WallTime } from "./passing-time.js";
import type { Place } from "./place.js";
import { Sleeper } from "./sleeper.js";
import type { ContractFeatures, Subject } from "./subject.js";
import { ForkedVictim, SilentVictim, type Victim } from "./victim.js";
import { Watched } from "./watched.js";

export interface LogLine {
  readonly level: string;
  readonly facts: { readonly [name: string]: unknown };
  readonly message: string;
}

export interface Listening extends SubscriptionOptions<Note> {
  readonly handler?: ((note: Note, delivery: Delivery) => unknown) | undefined;
}

export interface Flow {
  readonly writers: number;
  readonly each: number;
  readonly census?: Census | undefined;
  /** The first writer's number. Defaults to 0. */
  readonly from?: number | undefined;
  /** Whether each writer publishes an event again until it is accepted. Defaults to `false`. */
  readonly persists?: boolean | undefined;
}

/* Those that are given a place and nothing else. */
type PlaceHook =
  | "begin"
  | "lend"
  | "fork"
  | "link"
  | "attempts"
  | "killServer"
  | "losePower"
  | "loseGroups"
  | "revoke"
  | "killNotifier";
type Answer<Name extends PlaceHook> = Awaited<ReturnType<NonNullable<Hooks[Name]>>>;

const PERSISTS_MS = 50;

/** Retries come soon, and are never the last, so that a case decides by itself when it has seen enough. */
const RETRY = { attempts: 1_000, delay: "10ms", backoff: "fixed", jitter: false } as const;

export class Scene {
  readonly features: ContractFeatures;
  readonly time: PassingTime;
  /** Of everything that the case publishes by `write`. */
  readonly census: Census = new Census();
  readonly log: LogLine[] = [];
  readonly #subject: Subject;
  readonly #place: Place;
  readonly #buses: Bus[] = [];
  readonly #hands: Hand[] = [];

  constructor(subject: Subject, id: string) {
    this.#subject = subject;
    this.features = subject.features;
    this.time = subject.features.time === "virtual" ? new CaseTime() : new WallTime();
    this.#place = { id, runtime: this.time.runtime };
  }

  get isStore(): boolean {
    return this.features.holds === "store";
  }

  // ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A name for an event or a group that no other case has. */
  name(token: string): string {
    return `${this.#place.id}.${token}`;
  }

  notes(token: string = "note"): NoteClass {
    return noteClass(this.name(token), false);
  }

  keyedNotes(token: string = "keyed"): NoteClass {
    return noteClass(this.name(token), true);
  }

  // ── Transports and buses ──────────────────────────────────────────────────────────────────────────────────────

  /** A client of the case's place, not opened; what it declares must be what the subject says. */
  async transport(runtime: Runtime = this.time.runtime): Promise<Transport> {
    const transport = await this.#subject.create({ ...this.#place, runtime });
    for (const [name, value] of Object.entries(transport.features))
      claimSame(this.features[name as keyof ContractFeatures], value, `the declared feature ${name}`);
    return transport;
  }

  /** A client whose wall's clock is so many milliseconds ahead. */
  transportAt(aheadMs: number): Promise<Transport> {
    const { host, turn, handOver } = this.time.runtime;
    return this.transport({ host: { ...host, now: () => host.now() + aheadMs }, turn, handOver });
  }

  async watched(): Promise<Watched> {
    return new Watched(await this.transport());
  }

  /** The port without a bus, opened. */
  async hand(options: Partial<HandOptions> = {}): Promise<Hand> {
    const transport = options.transport ?? (await this.transport());
    const hand = new Hand({ ...options, transport, time: this.time });
    this.#hands.push(hand);
    await hand.open();
    return hand;
  }

  /** A client whose process can fall silent, under virtual time. */
  async sleepy(): Promise<{ readonly transport: Transport; readonly sleeper: Sleeper }> {
    const sleeper = new Sleeper(this.time.runtime);
    return { transport: await this.transport(sleeper.runtime), sleeper };
  }

  /** A transaction of the application on the place of the case. */
  async begin(): Promise<OpenTransaction> {
    return this.hooked("begin");
  }

  /** What the subject's hook answers for the place of the case. */
  async hooked<Name extends PlaceHook>(name: Name): Promise<Answer<Name>> {
    const hook = this.features[name] as (place: Place) => Answer<Name> | Promise<Answer<Name>>;
    return this.time.within(Promise.resolve(hook(this.#place)), name);
  }

  /** The store takes nothing of this kind, until what is answered is called. */
  async refuses(what: Refusable): Promise<() => Promise<void>> {
    const heal = await this.features.refuse![what]!(this.#place);
    return async () => heal();
  }

  async corrupts(id: string): Promise<void> {
    await this.features.corrupt!(this.#place, id);
  }

  /** The answer to what next has this text in it is lost. */
  losesAnswer(text: string): void {
    this.features.loseAnswer!(this.#place, text);
  }

  /** A process that can be killed. */
  async victim(): Promise<Victim> {
    if (!this.time.isVirtual) return new ForkedVictim(await this.hooked("fork"), this.#place.id, this.time);
    const { transport, sleeper } = await this.sleepy();
    return new SilentVictim(await this.hand({ transport, settles: () => undefined }), sleeper);
  }

  /** A bus that has not started; `runtime` is that of its process. */
  async bus(
    { defaults = {}, ...options }: BusOptions = {},
    runtime: Runtime = this.time.runtime,
  ): Promise<Bus> {
    const transport = options.transport ?? (await this.transport(runtime));
    const all = { logger: this.#logger(), ...options, transport, defaults: { retry: RETRY, ...defaults } };
    const bus = new Bus({ options: all, runtime });
    this.#buses.push(bus);
    return bus;
  }

  /** A bus with its subscriptions, started. */
  async started(subscribe: (bus: Bus) => void, options: BusOptions = {}, runtime?: Runtime): Promise<Bus> {
    const bus = await this.bus(options, runtime);
    subscribe(bus);
    await this.time.within(bus.start(), "start()");
    return bus;
  }

  /** Adds a subscription that the census hears of, whatever its handler does, as long as that does not fail. */
  listen(bus: Bus, notes: NoteClass, { handler, ...options }: Listening & { name: string }): () => void {
    return bus.on(notes, options, async (note, delivery) => {
      const answer: unknown = await handler?.(note, delivery);
      this.census.read(note.id);
      return answer;
    });
  }

  async close(bus: Bus): ReturnType<Bus["close"]> {
    return this.time.within(bus.close(), "close()");
  }

  // ── Writing and waiting ───────────────────────────────────────────────────────────────────────────────────────

  /** Writers publish side by side, each one note after the other; the census hears what was accepted. */
  async write(bus: Bus, notes: NoteClass, flow: Flow): Promise<void> {
    const { from = 0 } = flow;
    const writers = Array.from({ length: flow.writers }, (_, at) =>
      this.#writer(bus, notes, `w${from + at}`, flow),
    );
    await this.time.within(Promise.all(writers), "the writers' work");
  }

  /** Waits until so many were accepted. */
  accepted(count: number): Promise<void> {
    return this.time.until(
      () => this.census.acceptedCount >= count,
      () => `${this.census.acceptedCount} of ${count} were accepted`,
    );
  }

  /** Waits until everything that was accepted was read, listens a second longer, and takes the census. */
  async allRead(rules: CensusRules = {}, census: Census = this.census): Promise<void> {
    await this.time.until(
      () => census.isComplete,
      () => census.missing(),
    );
    await this.time.silence(1_000);
    census.check(rules);
  }

  /** Whatever is still there ends; then the log is looked at. */
  async end(isNoisy: boolean): Promise<void> {
    for (const bus of this.#buses) await this.close(bus);
    for (const hand of this.#hands) await hand.close();
    const loud = this.log.filter(({ level }) => level === "warn" || level === "error");
    claim(isNoisy || loud.length === 0, `A calm run logged: ${loud[0]?.message ?? ""}`);
  }

  async #writer(
    bus: Bus,
    notes: NoteClass,
    writer: string,
    { each, census = this.census, persists = false }: Flow,
  ): Promise<void> {
    for (let number = 0; number < each; number++) {
      const id = `${writer}-${number}`;
      census.wrote(id);
      if (await this.#accepted(bus, new notes({ id }), persists)) census.accepted(id);
    }
  }

  /* The same event again: it goes only to those that have not taken it. */
  async #accepted(bus: Bus, note: Note, persists: boolean): Promise<boolean> {
    for (;;)
      try {
        await bus.publish(note);
        return true;
      } catch {
        if (!persists) return false;
        await new Promise<void>((resolve) => void this.time.runtime.host.timer(resolve, PERSISTS_MS));
      }
  }

  #logger(): Logger {
    const line = (level: string) => (facts: object, message: string) =>
      void this.log.push({ level, facts: facts as LogLine["facts"], message });
    return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  }
}
