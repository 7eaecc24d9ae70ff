/** X1 to X9: publishing together with other work, or not at all. */
import type { CaseGroup } from "../case.js";
import { claimRefused, claimSame } from "../claims.js";
import { idOf, wireOf } from "../hand.js";
import { all, begins, durable, lane, network, told, transactions as joins } from "../needs.js";
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
      about: "Between send and mark: a duplicate with the same id.",
      needs: outbox,
    },
    { id: "X6", name: "two relays", about: "They keep the order per key.", needs: outbox },
    {
      id: "X7",
      name: "killed at every step",
      about: "No ghost message, no record without one.",
      needs: outbox,
    },
    { id: "X8", name: "old rows", about: "They are cleaned away by age.", needs: outbox },
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
