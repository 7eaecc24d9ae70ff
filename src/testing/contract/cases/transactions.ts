/** X1 to X9: publishing together with other work, or not at all. */
import type { CaseGroup } from "../case.js";
import { claimRefused, claimSame } from "../claims.js";
import { idOf, wireOf } from "../hand.js";
import {
  all,
  begins,
  dedupe,
  durable,
  lane,
  network,
  orderedByKey,
  shared,
  told,
  transactions as joins,
  virtual,
} from "../needs.js";
import type { Scene } from "../scene.js";
import { notifierCrashes } from "./reconnect.js";

const outbox = all(durable, joins);

export const transactions: CaseGroup = {
  title: "Transactions and outbox",
  about: "Publishing together with other work, or not at all.",
  cases: [
    {
      id: "X1",
      name: "a rollback",
      about: "The work throws: nothing of what it published arrives.",
      needs: lane,
      run: rollback,
    },
    {
      id: "X2",
      name: "together or not at all",
      about: "Five publishes arrive when the work succeeds, and not before.",
      needs: lane,
      run: together,
    },
    {
      id: "X3",
      name: "a receipt that is rolled back",
      about: "An event is settled in a transaction that is rolled back: it comes again.",
      needs: all(joins, begins),
      run: receiptRolledBack,
    },
    {
      id: "X4",
      name: "a failure after the send",
      about:
        "Of a transaction that is rolled back nothing is sent, of one that is committed all; what was sent outside stays.",
      needs: all(joins, begins),
      run: failureAfterSend,
    },
    {
      id: "X5",
      name: "a crash of the relay",
      about: "Between send and mark: a duplicate with the same id, and one mark.",
      needs: all(outbox, begins),
      run: relayCrashes,
    },
    {
      id: "X6",
      name: "two relays",
      about: "What they send of one key in turn comes in that order, one at a time.",
      needs: all(outbox, begins, shared, orderedByKey),
      run: twoRelays,
    },
    {
      id: "X7",
      name: "killed at every step",
      about: "A transaction ends after any of its writes: no ghost message, no record without one.",
      needs: all(outbox, begins),
      run: endedAtEveryStep,
    },
    {
      id: "X8",
      name: "old rows",
      about:
        "An id that was sent in a transaction is known from the commit on, for the window and no longer.",
      needs: all(outbox, begins, dedupe, virtual),
      run: oldRows,
    },
    {
      id: "X9",
      name: "a wake-up is only a hint",
      about: "Lost and merged notifications lose no event.",
      needs: all(outbox, network, told("killNotifier")),
      isNoisy: true,
      run: notifierCrashes,
    },
  ],
};

async function rollback(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const work = bus.transaction(async (tx) => {
    scene.census.wrote("w9-0");
    await tx.publish(new Note({ id: "w9-0" }));
    throw new RangeError("rolled back");
  });
  await claimRefused(
    scene.time.within(work, "the transaction"),
    "RangeError",
    "a transaction whose work throws",
  );
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await scene.allRead();
}

async function receiptRolledBack(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand({ settles: () => undefined });
  await hand.declare(scene.name("hand"), eventName);
  await hand.send(wireOf(eventName, { id: "h-0" }, scene.features.serialises));
  await hand.has(1);
  const first = await scene.begin();
  claimSame(await hand.settle(hand.items[0]!, { kind: "done" }, first), "settled", "the settlement");
  await first.rollBack();
  await hand.has(2);
  claimSame(idOf(hand.items[1]!), "h-0", "what came again");
  const second = await scene.begin();
  await hand.settle(hand.items[1]!, { kind: "done" }, second);
  await second.commit();
  await scene.time.silence(3 * Math.max(scene.features.leaseMs, 1_000));
  claimSame(hand.items.length, 2, "how often it came");
}

async function failureAfterSend(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand();
  await hand.declare(scene.name("hand"), eventName);
  const wire = (id: string) => wireOf(eventName, { id }, scene.features.serialises);
  const failed = await scene.begin();
  await hand.transport.send([wire("inside-1"), wire("inside-2")], failed);
  await failed.rollBack();
  await hand.send(wire("outside"));
  const good = await scene.begin();
  await hand.transport.send([wire("good-1"), wire("good-2")], good);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf), ["outside"], "what came before the commit");
  await good.commit();
  await hand.has(3);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf).toSorted(), ["good-1", "good-2", "outside"], "what came in the end");
}

/* The mark is an event, too: what a relay writes down together with what it sends. */
async function relayCrashes(scene: Scene): Promise<void> {
  const [row, mark] = ["row", "mark"].map((token) => scene.notes(token).eventName);
  const hand = await scene.hand();
  for (const name of [row!, mark!]) await hand.declare(name, name);
  const wire = (name: string, id = name) => wireOf(name, { id }, scene.features.serialises);
  await hand.send(wire(row!));
  const crashed = await scene.begin();
  await hand.transport.send([wire(mark!, `${mark}-crashed`)], crashed);
  await crashed.rollBack();
  const next = await scene.begin();
  const [answer] = await hand.transport.send([wire(row!)], next);
  await hand.transport.send([wire(mark!)], next);
  await next.commit();
  const isKnown = scene.features.dedupeWindowMs > 0;
  claimSame(answer, isKnown ? "duplicate" : "accepted", "the answer to the second relay");
  const wanted = [mark!, row!, ...(isKnown ? [] : [row!])];
  await hand.has(wanted.length);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf).toSorted(), wanted, "what came");
}

async function twoRelays(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand({ settles: () => undefined });
  await hand.declare(scene.name("hand"), eventName, { order: "key" });
  const relays = [await scene.hand(), await scene.hand()];
  const ids = Array.from({ length: 6 }, (_, at) => `h-${at}`);
  for (const [at, id] of ids.entries()) {
    const open = await scene.begin();
    const wire = wireOf(eventName, { id }, scene.features.serialises);
    await relays[at % 2]!.transport.send([{ ...wire, key: "k" }], open);
    await open.commit();
  }
  for (const at of ids.keys()) {
    await hand.has(at + 1);
    await scene.time.silence(300);
    claimSame(hand.items.length, at + 1, "how many had come when those before were settled");
    await hand.settle(hand.items[at]!);
  }
  claimSame(hand.items.map(idOf), ids, "what came");
}

/* What a message says is in another group's event: only both together are the truth. */
async function endedAtEveryStep(scene: Scene): Promise<void> {
  const [record, message] = ["record", "message"].map((token) => scene.notes(token).eventName);
  const hand = await scene.hand();
  for (const name of [record!, message!]) await hand.declare(name, name);
  const wires = (id: string) =>
    [record!, message!].map((name) => wireOf(name, { id: `${name}-${id}` }, scene.features.serialises));
  for (const steps of [0, 1, 2]) {
    const killed = await scene.begin();
    for (const wire of wires(`killed-${steps}`).slice(0, steps)) await hand.transport.send([wire], killed);
    await killed.rollBack();
  }
  const whole = await scene.begin();
  for (const wire of wires("whole")) await hand.transport.send([wire], whole);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf), [], "what came before a commit");
  await whole.commit();
  await hand.has(2);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf).toSorted(), [`${message}-whole`, `${record}-whole`], "what came in the end");
}

async function oldRows(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand();
  await hand.declare(scene.name("hand"), eventName);
  const wire = wireOf(eventName, { id: scene.name("same") }, scene.features.serialises);
  const failed = await scene.begin();
  await hand.transport.send([wire], failed);
  await failed.rollBack();
  const good = await scene.begin();
  claimSame(await hand.transport.send([wire], good), ["accepted"], "the answer after a rollback");
  await good.commit();
  claimSame(await hand.send(wire), ["duplicate"], "the answer after the commit");
  await scene.time.pass(scene.features.dedupeWindowMs + 1_000);
  claimSame(await hand.send(wire), ["accepted"], "the answer after the window");
  await hand.has(2);
}

async function together(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const work = bus.transaction(async (tx) => {
    for (let at = 0; at < 5; at++) {
      scene.census.wrote(`w0-${at}`);
      await tx.publish(new Note({ id: `w0-${at}` }));
      scene.census.accepted(`w0-${at}`);
    }
    await scene.time.silence(1_000);
    claimSame(scene.census.readCount, 0, "how many arrived before the transaction succeeded");
  });
  await scene.time.within(work, "the transaction");
  await scene.allRead();
}
