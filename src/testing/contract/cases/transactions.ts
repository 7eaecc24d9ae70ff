/** X1 to X9: publishing together with other work, or not at all. */
import type { CaseGroup } from "../case.js";
import { claimRefused, claimSame } from "../claims.js";
import { all, durable, lane, network, transactions as joins } from "../needs.js";
import type { Scene } from "../scene.js";

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
      about: "The event goes back to the queue.",
      needs: joins,
    },
    {
      id: "X4",
      name: "a failure after the send",
      about: "In the transaction nothing is sent; what was sent outside it stays.",
      needs: joins,
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
      needs: all(outbox, network),
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
