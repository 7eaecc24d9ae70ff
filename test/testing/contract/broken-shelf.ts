/** Stores that break their word, each in one way, and the case of the contract that must name it. */
import type { Item, Settlement, WireEnvelope } from "signalbox";
import type { Place } from "signalbox/testing/contract";
import type { Broken } from "./broken.js";
import { type Entry, type Shelf, ShelfTransport } from "./shelf.js";

class IgnoresCredit extends ShelfTransport {
  protected override mayHandOut(): boolean {
    return true;
  }
}
class SettlesTwice extends ShelfTransport {
  override settle(item: Item, settlement: Settlement): "settled" {
    super.settle(item, settlement);
    return "settled";
  }
}
class ThrowsAtStrangers extends ShelfTransport {
  override settle(item: Item, settlement: Settlement): "settled" | "stale" {
    const answer = super.settle(item, settlement);
    if (answer === "stale") throw new Error("unknown delivery");
    return answer;
  }
}
class ComesAgain extends ShelfTransport {
  protected override remove(shelf: Shelf, entry: Entry): void {
    super.remove(shelf, entry);
    if (entry.item.deliveries > 1) return;
    this.after(700, () => {
      shelf.entries.push({ ...entry, isOut: false });
      this.handOut(shelf);
    });
  }
}
class ForgetsFailures extends ShelfTransport {
  protected override later(shelf: Shelf, entry: Entry): void {
    this.remove(shelf, entry);
  }
}
class CountsNothing extends ShelfTransport {
  protected override later(shelf: Shelf, entry: Entry, settlement: Settlement & { kind: "retry" }): void {
    super.later(shelf, entry, settlement);
    entry.item = { ...entry.item, failures: 0 };
  }
}
class ToTheEndOfItsKey extends ShelfTransport {
  protected override later(shelf: Shelf, entry: Entry, settlement: Settlement & { kind: "retry" }): void {
    super.later(shelf, entry, settlement);
    super.remove(shelf, entry);
    entry.isOut = false;
    shelf.entries.push(entry);
  }
}
class KnowsNoKeys extends ShelfTransport {
  protected override keyOf(): undefined {
    return undefined;
  }
}
class NewestFirst extends ShelfTransport {
  protected override firstOf({ entries }: Shelf): readonly Entry[] {
    return entries.toReversed();
  }
}
class RetriesAtOnce extends ShelfTransport {
  protected override later(shelf: Shelf, entry: Entry, settlement: Settlement & { kind: "retry" }): void {
    super.later(shelf, entry, { ...settlement, afterMs: settlement.afterMs / 2 });
  }
}
class LosesAtClose extends ShelfTransport {
  override close(): Promise<void> {
    for (const shelf of this.shelves.values()) shelf.entries = [];
    return super.close();
  }
}
class DropsReleased extends ShelfTransport {
  override settle(item: Item, settlement: Settlement): "settled" | "stale" {
    return super.settle(item, settlement.kind === "release" ? { kind: "done" } : settlement);
  }
}
class Changed extends ShelfTransport {
  protected change(envelope: WireEnvelope): WireEnvelope {
    return envelope;
  }
  protected override keep(shelf: Shelf, envelope: WireEnvelope): void {
    super.keep(shelf, this.change(envelope));
  }
}
class LosesHeaders extends Changed {
  protected override change(envelope: WireEnvelope): WireEnvelope {
    const kept = Object.entries(envelope.headers).filter(
      ([name]) => /^(ce|content)-/.test(name) && name !== "ce-signalboxheaders",
    );
    return { ...envelope, headers: Object.fromEntries(kept) };
  }
}
class SevenBits extends Changed {
  protected override change(envelope: WireEnvelope): WireEnvelope {
    return { ...envelope, body: (envelope.body as Uint8Array).map((byte) => byte & 0x7f) };
  }
}
class LosesTheCause extends Changed {
  protected override change(envelope: WireEnvelope): WireEnvelope {
    const kept = Object.entries(envelope.headers).filter(([name]) => name !== "ce-causationid");
    return { ...envelope, headers: Object.fromEntries(kept) };
  }
}
class ChokesOnGarbage extends Changed {
  protected override change(envelope: WireEnvelope): WireEnvelope {
    JSON.parse(new TextDecoder().decode(envelope.body as Uint8Array));
    return envelope;
  }
}
class KeepsDeadLetters extends ShelfTransport {
  override settle(item: Item, settlement: Settlement): "settled" | "stale" {
    const attempt = { attempt: 1, at: 0, ranMs: 0, error: "" };
    const asRetry = { kind: "retry", afterMs: 100, attempt } as const;
    return super.settle(item, settlement.kind === "deadLetter" ? asRetry : settlement);
  }
}

const made = (shelf: new (place: Place) => ShelfTransport) => (place: Place) => new shelf(place);

export const brokenShelves: readonly Broken[] = [
  ["ignores the credit", "M30", /credit/, made(IgnoresCredit)],
  ["settles a delivery twice", "M18", /done after done to be "stale", got "settled"/, made(SettlesTwice)],
  ["throws at a delivery that it does not know", "M19", /unknown delivery/, made(ThrowsAtStrangers)],
  ["hands out again what is done", "M12", /10 came more than once/, made(ComesAgain)],
  ["forgets what has failed", "M13", /2 were accepted and never came/, made(ForgetsFailures)],
  [
    "counts no failures",
    "M16",
    /the attempts (1, )+1 came|the attempts that the handler saw/,
    made(CountsNothing),
  ],
  ["puts a retry at the end of its key", "O8", /the order of the attempts/, made(ToTheEndOfItsKey)],
  ["hands out two events of a key at once", "O3", /a key whose first is not settled/, made(KnowsNoKeys)],
  ["hands out the newest first", "O1", /the first event out of order/, made(NewestFirst)],
  ["retries too early", "T1", /came after 5\d(\.\d+)? ms/, made(RetriesAtOnce)],
  ["loses what waits when it is closed", "M41", /never came/, made(LosesAtClose)],
  ["drops what is given back", "M43", /never came/, made(DropsReleased)],
  ["loses the user's headers", "M01", /body, id and header/, made(LosesHeaders)],
  ["keeps seven bits of eight", "M50", /body 0/, made(SevenBits)],
  ["loses the cause", "M55", /causes of the three events/, made(LosesTheCause)],
  ["chokes on what is no JSON", "M24", /JSON/, made(ChokesOnGarbage)],
  ["tries dead letters again", "P1", /a second later/, made(KeepsDeadLetters)],
];
