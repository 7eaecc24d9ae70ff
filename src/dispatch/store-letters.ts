/** The dead letters that stores keep, whoever left them there: listed, redriven, discarded, resumed. */
import type { Receipt } from "../delivery/receipt.js";
import { isEvent } from "../event/definition.js";
import { seal } from "../event/envelope.js";
import type { Events } from "../event/event.js";
import type { DeadLetter } from "../ledger/dead-letter-box.js";
import type { Store, WireEnvelope } from "../transport/transport.js";
import { edited, type Edit, named } from "./edit.js";
import type { Facilities } from "./facilities.js";
import { type DeadLetterFilter, wantedBy } from "./letter-filter.js";
import { RedrivenReceipt } from "./receipts.js";
import type { Registry } from "./registry.js";
import { pagesOf } from "./pages.js";
import type { OpenStores, StoredPort } from "./stored-port.js";
import { storedLetterOf } from "./undeliverable.js";
import { toWire, withoutExpiry } from "./wire.js";

export interface StoreLetterParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly openStores: OpenStores;
}

/** A letter as its store lists it. */
type Stored = Awaited<ReturnType<Store["deadLetters"]>>[number];

interface Found {
  readonly at: StoredPort;
  readonly stored: Stored;
}

export class StoreLetters {
  readonly #parts: StoreLetterParts;
  /* What is listed may be redacted, and a replay delivers the original. */
  readonly #originals = new WeakMap<DeadLetter, Found>();

  constructor(parts: StoreLetterParts) {
    this.#parts = parts;
  }

  /** The oldest of each store, so many at most. */
  async list(
    filter: DeadLetterFilter<Events>,
    limit: number,
    shown: (letter: DeadLetter) => DeadLetter,
  ): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const at of this.#parts.openStores("deadLetters.list()")) {
      let left = limit;
      for await (const [letter, stored] of this.#wanted(at, filter)) {
        if (left-- <= 0) break;
        const listed = shown(letter);
        this.#originals.set(listed, { at, stored });
        letters.push(listed);
      }
    }
    return letters;
  }

  async count(filter: DeadLetterFilter<Events>): Promise<number> {
    let count = 0;
    for (const at of this.#parts.openStores("deadLetters.count()")) {
      const each = filter.events === undefined ? this.#all(at, filter) : this.#wanted(at, filter);
      for await (const _ of each) count++;
    }
    return count;
  }

  /** Undefined where it is not there any more. */
  async replay(letter: DeadLetter, edit: Edit | undefined): Promise<Receipt | undefined> {
    const found = await this.#found(letter, "deadLetters.replay()");
    if (found === undefined) return undefined;
    const { at, stored } = found;
    const { envelope, group } = stored.item;
    if ("undecodable" in envelope) throw new TypeError(`${named(letter)} never became an event. Discard it.`);
    const wire = edit === undefined ? withoutExpiry(envelope) : this.#rewired(found, edit);
    await at.port.parkedKeys?.letPass(stored.item);
    if (!(await at.store.redrive(stored.id, wire))) return this.#unless(letter, found);
    const { facilities, registry } = this.#parts;
    facilities.journal?.note(envelope.id, group, "redriven", `given back to transport ${at.port.name}`);
    const isHere = registry.route(group) !== undefined;
    return new RedrivenReceipt({ id: envelope.id, group, transport: at.port.name, isHere });
  }

  /* Refused, and still there: only a group for each process goes before its letters. */
  async #unless(letter: DeadLetter, { at, stored }: Found): Promise<undefined> {
    if ((await this.#lookedFor(at, stored.item.group, stored.id)) === undefined) return undefined;
    const gone = `${named(letter)} is of a ${stored.item.group} that has left, and this bus has none.`;
    throw new TypeError(`${gone} Replay it where one runs, or discard it.`);
  }

  /** False where it is not there any more. */
  async discard(letter: DeadLetter): Promise<boolean> {
    const to = this.#addressOf(letter, "deadLetters.discard()");
    return to !== undefined && to.at.store.discard(to.id);
  }

  /** Undefined where no store has the group. */
  async resume(group: string, key: string): Promise<number | undefined> {
    let resumed: number | undefined;
    for (const { port, store } of this.#parts.openStores("deadLetters.resume()")) {
      if (!(await store.groups()).some((each) => each.group === group)) continue;
      await port.buried();
      resumed = (resumed ?? 0) + (await port.parkedKeys!.resume(group, key));
    }
    return resumed;
  }

  async *#wanted(at: StoredPort, filter: DeadLetterFilter<Events>): AsyncGenerator<[DeadLetter, Stored]> {
    const isWanted = wantedBy(filter);
    for await (const stored of this.#all(at, filter)) {
      const letter = storedLetterOf(stored, idOf(at, stored.id), this.#parts.facilities);
      if (isWanted(letter)) yield [letter, stored];
    }
  }

  /* What has failed here a moment ago may be on its way into the store. */
  async *#all({ port, store }: StoredPort, filter: DeadLetterFilter<Events>): AsyncGenerator<Stored> {
    const { subscription, reason } = filter;
    const asked = {
      ...(subscription !== undefined && { group: subscription }),
      ...(reason !== undefined && { reason }),
    };
    await port.buried();
    yield* pagesOf(
      (after, limit) => store.deadLetters(asked, after, limit),
      ({ id }) => id,
    );
  }

  /* One that was listed elsewhere, or became JSON, is looked for. */
  async #found(letter: DeadLetter, call: string): Promise<Found | undefined> {
    const to = this.#addressOf(letter, call);
    const known = this.#originals.get(letter);
    if (to === undefined || known !== undefined) return known;
    return this.#lookedFor(to.at, letter.subscription, to.id);
  }

  async #lookedFor(at: StoredPort, subscription: string, id: string): Promise<Found | undefined> {
    for await (const stored of this.#all(at, { subscription })) if (stored.id === id) return { at, stored };
    return undefined;
  }

  #addressOf({ id }: DeadLetter, call: string): { at: StoredPort; id: string } | undefined {
    const at = this.#parts.openStores(call).find((each) => id.startsWith(idOf(each, "")));
    return at && { at, id: id.slice(idOf(at, "").length) };
  }

  /* Sealed anew with the id, the key and everything else that it had. */
  #rewired({ at, stored }: Found, edit: Edit): WireEnvelope {
    const letter = storedLetterOf(stored, stored.id, this.#parts.facilities);
    if (!isEvent(letter.event))
      throw new TypeError(
        `${named(letter)} is no event here, so there is nothing to edit. Replay it as it is, or discard it.`,
      );
    const event = edited(edit, letter.event);
    const envelope = seal(event, { ...letter.envelope, dueAt: undefined, expiresAt: undefined });
    return toWire({ event, envelope }, at.port.transport.features, at.port.name);
  }
}

/* Unique among all stores of a bus, and never the id of a letter in memory. */
function idOf({ port }: StoredPort, id: string): string {
  return `${encodeURIComponent(port.name)}/${id}`;
}
