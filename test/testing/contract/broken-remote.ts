/** Stores behind a link that break their word, each in one way, and the case of the contract that must name it. */
import type { Item, Settlement, WireEnvelope } from "signalbox";
import { type Make, remoteSubject } from "./remote-subject.js";
import { Remote } from "./remote.js";
import { type Answer, type Entry, type Handed, Server } from "./remote-server.js";

/** What is broken, the case that finds it, what that says, and the subject. */
export type BrokenRemote = readonly [
  fault: string,
  id: string,
  says: RegExp,
  subject: ReturnType<typeof remoteSubject>,
];

// ── Servers ─────────────────────────────────────────────────────────────────────────────────────────────────────

class SyncsLater extends Server {
  override kill() {
    for (const shelf of this.groups.values()) shelf.entries = shelf.entries.slice(0, -20);
    return super.kill();
  }
}
class AcceptsWhenFull extends Server {
  protected override full(batch: readonly WireEnvelope[]): readonly Answer[] {
    return batch.map(() => "accepted");
  }
}
class ChokesOnCorruption extends Server {
  protected override ready(group: string, now: number): readonly Entry[] {
    const ready = super.ready(group, now);
    const broken = ready.findIndex(({ isCorrupt }) => isCorrupt);
    return broken < 0 ? ready : ready.slice(0, broken);
  }
}
class ReadsByCursor extends Server {
  readonly #last = new Map<string, number>();
  protected override ready(group: string, now: number): readonly Entry[] {
    const ready = super.ready(group, now).filter(({ seq }) => seq > (this.#last.get(group) ?? -1));
    if (ready.length > 0) this.#last.set(group, ready.at(-1)!.seq);
    return ready;
  }
}
class ForgetsIds extends Server {
  protected override sameAs({ id }: WireEnvelope): string {
    return this.wire.attempts > 1 ? `${id}.${this.wire.attempts}` : id;
  }
}
class ScopesIdsByName extends Server {
  protected override sameAs({ id, name }: WireEnvelope): string {
    return `${name}.${id}`;
  }
}
class EndsBeforeItsLetter extends Server {
  protected override refuse({ kind }: Settlement): void {
    if (kind !== "deadLetter") super.refuse({ kind: "done" });
  }
}
class CountsReleases extends Server {
  protected override end(handed: Handed, settlement: Settlement): void {
    if (settlement.kind === "release") handed.entry.failures++;
    super.end(handed, settlement);
  }
}

class WaitsForTheDead extends Server {
  protected override takeBack(): void {}
}
class CountsNoCrash extends Server {
  override fetch(...how: Parameters<Server["fetch"]>): readonly Handed[] {
    return super.fetch(...how).map((handed) => ({ ...handed, item: { ...handed.item, deliveries: 1 } }));
  }
}

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────────────────────

class NeverConnectsAgain extends Remote {
  #wasDown = false;
  protected override down(error: Error): void {
    this.#wasDown = true;
    super.down(error);
  }
  protected override ask<T>(text: string, work: () => T): Promise<T> {
    return this.#wasDown ? Promise.reject(new Error("no connection")) : super.ask(text, work);
  }
}
class GivesUpExtending extends Remote {
  #hasFailed = false;
  protected override async extend(): Promise<void> {
    if (this.#hasFailed) return;
    await super.extend().catch((error: unknown) => {
      this.#hasFailed = true;
      throw error;
    });
  }
}
class TellsNoTrouble extends Remote {
  protected override down(): void {}
}
class SettlesAhead extends Remote {
  override async settle(item: Item, settlement: Settlement): Promise<"settled" | "stale"> {
    void super.settle(item, settlement).catch(() => undefined);
    return "settled";
  }
}
class TellsNoLoss extends Remote {
  protected override gone(): void {}
}
class ReadsNoMore extends Remote {
  #isCut = false;
  protected override connectedAgain(): Promise<void> {
    this.#isCut = true;
    return super.connectedAgain();
  }
  protected override async fetch(): Promise<void> {
    if (!this.#isCut) await super.fetch();
  }
}
class WaitsForEver extends Remote {
  protected override silenceMs(): number {
    return 2 ** 30;
  }
}
class SendsAgainSoon extends Remote {
  override async send(batch: readonly WireEnvelope[]): Promise<readonly Answer[]> {
    let isAnswered = false;
    const again = batch.map((each) => ({ ...each, id: `${each.id}.again` }));
    this.after(30, () => void (isAnswered || super.send(again)));
    return super.send(batch).finally(() => (isAnswered = true));
  }
}
class OpensOnce extends Remote {
  #hasTried = false;
  override open(...args: Parameters<Remote["open"]>): Promise<void> {
    if (this.#hasTried) return Promise.reject(new Error("it is open already"));
    this.#hasTried = true;
    return super.open(...args);
  }
}
class RejectsBesides extends Remote {
  override open(...args: Parameters<Remote["open"]>): Promise<void> {
    const opening = super.open(...args);
    void opening.then(() => undefined); // and nobody hears of its failure
    return opening;
  }
}
class HammersItsServer extends Remote {
  protected override backOffMs(): number {
    return 2;
  }
}
class DeclaresOnce extends Remote {
  protected override async connectedAgain(): Promise<void> {
    this.listen();
  }
}
class ThrowsAtTheRemoved extends Remote {
  override async settle(item: Item, settlement: Settlement): Promise<"settled" | "stale"> {
    const answer = await super.settle(item, settlement);
    if (answer === "stale") throw new Error("no such delivery");
    return answer;
  }
}
class FailsInItsOwnWords extends Remote {
  protected override failed(error: unknown): Error {
    return error as Error;
  }
}
class WaitsToBeWoken extends Remote {
  protected override async fetch(): Promise<void> {
    if (this.#isAwake()) await super.fetch();
  }
  #isAwake(): boolean {
    return this.groups.size === 0 || this.server.hints.size > 0;
  }
}
class ClosesOnlyInOrder extends Remote {
  protected override leave(): Promise<void> {
    return super
      .leave()
      .catch(() => new Promise<void>((resolve) => this.after(1_000, () => void this.leave().then(resolve))));
  }
}
class TrustsItsOwnClock extends Remote {
  override send(batch: readonly WireEnvelope[], how?: { transaction?: unknown }): Promise<readonly Answer[]> {
    const host = this.place.runtime.host;
    const own = host.now() - host.monotonic();
    const right = this.server.wire.now() - this.server.wire.monotonic();
    const moved = batch.map((each) => ({ ...each, dueAt: each.dueAt && each.dueAt - own + right }));
    return super.send(moved, how);
  }
}
class AnswersAhead extends Remote {
  override async send(batch: readonly WireEnvelope[]): Promise<readonly Answer[]> {
    this.after(10, () => void super.send(batch));
    return batch.map(() => "accepted");
  }
}
class TearsApart extends Remote {
  override send(batch: readonly WireEnvelope[]): Promise<readonly Answer[]> {
    return super.send(batch.map((each) => ({ ...each, body: (each.body as Uint8Array).subarray(0, 5_000) })));
  }
}
class HasNoBuffer extends Remote {
  #sending = 0;
  override async send(batch: readonly WireEnvelope[]): Promise<readonly Answer[]> {
    if (this.#sending >= 10) throw new Error("the socket is full");
    this.#sending++;
    return super.send(batch).finally(() => this.#sending--);
  }
}
const server = (broken: Make["server"]) => remoteSubject({ ...(broken && { server: broken }) });
const client = (broken: Make["client"]) => remoteSubject({ ...(broken && { client: broken }) });

export const brokenRemotes: readonly BrokenRemote[] = [
  ["never ends a close without its server", "M45", /close\(\) has not ended/, client(ClosesOnlyInOrder)],
  ["closes a connection that it was lent", "M46", /was closed/, remoteSubject({ closesLent: true })],
  ["rejects what nobody hears", "M48", /what nobody handled/, client(RejectsBesides)],
  ["waits for a dead process", "D2", /0 of 1 items/, server(WaitsForTheDead)],
  ["does not count crashes", "D3", /how it ended/, server(CountsNoCrash)],
  ["accepts before it has sent", "D4", /0 of 1 items/, client(AnswersAhead)],
  ["sends a part", "D5", /or in part/, client(TearsApart)],
  ["waits for all that a dead process had", "D12", /0 of 20 items/, server(WaitsForTheDead)],
  ["syncs later", "D6", /never came|has not ended/, server(SyncsLater)],
  ["never connects again", "D7", /has not ended|never came/, client(NeverConnectsAgain)],
  ["syncs later, with power lost", "D8", /never came|has not ended/, server(SyncsLater)],
  ["accepts what it has no room for", "D9", /while the store was full/, server(AcceptsWhenFull)],
  ["stops at a corrupt record", "D10", /1 of 3 items/, server(ChokesOnCorruption)],
  [
    "gives up extending after a failure",
    "L5",
    /what was lost, and what another had/,
    client(GivesUpExtending),
  ],
  ["tells nobody that extensions fail", "L5", /nothing was told/, client(TellsNoTrouble)],
  ["passes over what was committed late", "O7", /2 of 3 items/, server(ReadsByCursor)],
  ["goes by the clock of the sender", "T8", /came after/, client(TrustsItsOwnClock)],
  ["takes an id again after a reconnection", "U4", /how many are kept/, server(ForgetsIds)],
  ["keeps ids apart by name", "U6", /the answers/, server(ScopesIdsByName)],
  [
    "ends a delivery though its dead letter is refused",
    "P4",
    /took no dead letter/,
    server(EndsBeforeItsLetter),
  ],
  ["takes what is given back for a failure", "P8", /failures, deliveries/, server(CountsReleases)],
  ["refuses what its socket does not take at once", "B2", /the socket is full/, client(HasNoBuffer)],
  ["answers settlements before they are taken", "B3", /were handed out/, client(SettlesAhead)],
  ["does not tell that a group was removed", "I2", /the signal has not aborted/, client(TellsNoLoss)],
  ["listens to its wake-ups only", "X9", /never came|has not ended/, client(WaitsToBeWoken)],
  ["reads no more after a reset", "R1", /never came|has not ended/, client(ReadsNoMore)],
  ["waits for an answer for ever", "R2", /not told to be down/, client(WaitsForEver)],
  ["sends again what takes a while", "R3", /came though nobody wrote|more than once/, client(SendsAgainSoon)],
  ["cannot be opened after a failed start", "R4", /open already/, client(OpensOnce)],
  ["asks for a connection in a tight loop", "R5", /It asked \d+ times/, client(HammersItsServer)],
  ["declares its groups once", "R6", /has not ended|did not end/, client(DeclaresOnce)],
  ["throws at what was removed", "R7", /no such delivery/, client(ThrowsAtTheRemoved)],
  ["reads for ever", "R8", /not told to be down/, client(WaitsForEver)],
  ["fails without a code", "R9", /refused with SIGNALBOX_STORE/, client(FailsInItsOwnWords)],
  ["never listens again", "R10", /never came|has not ended/, client(WaitsToBeWoken)],
];
