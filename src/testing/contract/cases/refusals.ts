/** Cases of several groups: a store that refuses one kind of thing for a while, or cannot read what it has. */
import { claim, claimSame } from "../claims.js";
import { Gate } from "../gate.js";
import { idOf } from "../hand.js";
import type { Item } from "../../../transport/transport.js";
import { KEEPS, receiver } from "../receiver.js";
import type { Scene } from "../scene.js";

/** D9. */
export async function fullStore(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const write = (from: number) => scene.write(bus, Note, { writers: 1, each: 5, from });
  await write(0);
  const heal = await scene.refuses("send");
  await write(1);
  claimSame(scene.census.acceptedCount, 5, "how many were accepted while the store was full, and before");
  await heal();
  await scene.time.within(write(2), "publish() when there is room again");
  claimSame(scene.census.acceptedCount, 10, "how many were accepted when there is room again");
  await scene.allRead();
}

/** D10. */
export async function corruptRecord(scene: Scene): Promise<void> {
  const broken: string[] = [];
  const settles = ({ envelope }: Item) => {
    if (!("undecodable" in envelope)) return { kind: "done" } as const;
    broken.push(envelope.error.name);
    return { kind: "deadLetter", reason: "undecodable" } as const;
  };
  const { hand, group, wire } = await receiver(scene, { settles, credit: 0 });
  await hand.send(wire("h-0"), wire("h-1"), wire("h-2"));
  await scene.corrupts("h-1");
  hand.transport.credit(group, 10);
  await hand.has(3);
  await scene.time.silence(1_000);
  claimSame(
    hand.items.map(idOf).toSorted(),
    ["", "h-0", "h-2"],
    "what came, the undecodable one without an id",
  );
  claimSame(broken.length, 1, "how many were undecodable");
}

/** L5. */
export async function extensionThrows(scene: Scene): Promise<void> {
  const { hand, group, event, wire } = await receiver(scene, KEEPS);
  await hand.send(wire("h-0"));
  await hand.has(1);
  const heal = await scene.refuses("extension");
  await scene.time.until(
    () => hand.states.includes("down"), // sooner than after a lease, or it would be lost
    () => "extensions throw, and nothing was told",
  );
  await heal();
  const second = await scene.hand();
  await second.declare(group, event);
  await scene.time.pass(scene.features.leaseMs);
  claimSame(hand.states.at(-1), "up", "what was told last when they do not throw any more");
  claimSame([hand.lost.length, second.items.length], [0, 0], "what was lost, and what another had");
  claimSame(await hand.settle(hand.items[0]!), "settled", "the settlement");
}

/** P4. */
export async function noDeadLetter(scene: Scene): Promise<void> {
  const answers: string[] = [];
  const settles = (item: Item): undefined => {
    const work = Promise.resolve(hand.transport.settle(item, { kind: "deadLetter", reason: "planted" }));
    work.then(
      (answer) => answers.push(answer),
      () => answers.push("refused"),
    );
  };
  const { hand, group, wire } = await receiver(scene, { settles, credit: 0 });
  await hand.send(wire("h-0"));
  const heal = await scene.refuses("deadLetter");
  hand.transport.credit(group, 100);
  await hand.has(1);
  await scene.time.silence(1_000);
  const settled = (): number => answers.filter((answer) => answer === "settled").length;
  claimSame(settled(), 0, "how many settlements succeeded while the store took no dead letter");
  await heal();
  await scene.time.until(
    () => settled() > 0,
    () => `the original has not become a dead letter (${answers.join(", ")})`,
  );
  await scene.time.silence(1_000);
  claimSame(settled(), 1, "how many dead letters were made of it");
  const letters = await hand.transport.store?.deadLetters({ group });
  claimSame(letters?.map(({ item }) => idOf(item)) ?? ["h-0"], ["h-0"], "the dead letters of the store");
}

/* What a lane asks for beyond what runs. */
const AHEAD_MAX = 100;

/* So long a store without credit would go on handing out, on a slow machine, too. */
const FLOW_MS = 4_000;

/** B3. */
export async function settlementsPileUp(scene: Scene): Promise<void> {
  const Note = scene.notes();
  let begun = 0;
  const options = { name: scene.name("reader"), lane: { concurrency: 5 }, handler: () => void begun++ };
  const bus = await scene.started((on) => scene.listen(on, Note, options));
  bus.lanes.get(options.name)!.pause();
  const heal = await scene.refuses("settlement");
  await scene.write(bus, Note, { writers: 10, each: 50 });
  bus.lanes.get(options.name)!.resume();
  await scene.time.pass(FLOW_MS);
  const most = begun;
  claim(most <= 5 + AHEAD_MAX, `${most} of 500 were handed out, though no settlement was taken.`);
  await heal();
  await scene.allRead();
}

/** P8. */
export async function putOff(scene: Scene): Promise<void> {
  const { hand, wire } = await receiver(scene, KEEPS);
  await hand.send(wire("h-0"));
  for (let time = 1; time <= 3; time++) {
    await hand.has(time);
    claimSame(await hand.settle(hand.items[time - 1]!, { kind: "release" }), "settled", "putting it off");
  }
  await hand.has(4);
  await hand.settle(hand.items[3]!);
  await scene.time.silence(1_000);
  const counts = hand.items.map(({ failures, deliveries, history }) => [
    failures,
    deliveries,
    history.length,
  ]);
  const expected = [1, 2, 3, 4].map((deliveries) => [0, deliveries, 0]);
  claimSame(counts, expected, "failures, deliveries and the length of the history, each time");
}

/** I2. */
export async function cancelRunning(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const name = scene.name("reader");
  const signals: AbortSignal[] = [];
  const bus = await scene.started((on) =>
    on.on(Note, { name }, (_, { signal }) => (signals.push(signal), gate.pass())),
  );
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await gate.holds(1);
  const operator = await scene.hand();
  await scene.time.within(Promise.resolve(operator.transport.store!.removeGroup(name)), "removeGroup()");
  await scene.time.until(
    () => signals[0]!.aborted,
    () => "the signal has not aborted",
  );
  gate.open();
  await scene.time.silence(1_000);
  claimSame(signals.length, 1, "how often it ran");
}
