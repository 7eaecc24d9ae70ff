/** T1 to T10: waiting until it is due. Where no delay can be asked for at publish, retries are what is due. */
import { type Delivery, retry } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { idOf, wireOf } from "../hand.js";
import { all, due, lane, network, shared, silent, virtual } from "../needs.js";
import type { Note } from "../notes.js";
import { KEEPS, receiver } from "../receiver.js";
import type { Scene } from "../scene.js";
import { clocksDiffer } from "./servers.js";

export const delay: CaseGroup = {
  title: "Delay and expiry",
  about: "Waiting until it is due. Where no delay can be asked for at publish, what is due is a retry.",
  cases: [
    {
      id: "T1",
      name: "not early",
      about: "A retry after 100 ms, and a delay of two seconds: never before, and not much later.",
      run: async (scene) => {
        await notEarly(scene);
        if (isDueInStore(scene)) await publishedLater(scene);
      },
    },
    {
      id: "T2",
      name: "due at once",
      about: "A retry after 0 ms, and a delay that is over: no time passes.",
      run: async (scene) => {
        await dueAtOnce(scene);
        if (isDueInStore(scene)) await dueInThePast(scene);
      },
    },
    {
      id: "T3",
      name: "a shorter wait overtakes",
      about: "A retry after three seconds, then one after 50 ms: the second comes first.",
      run: shorterFirst,
    },
    {
      id: "T4",
      name: "equal times keep their order",
      about: "10 retries that are due at one moment come in the order in which they failed.",
      needs: all(virtual, lane),
      run: equalTimes,
    },
    {
      id: "T5",
      name: "a crash between due and done",
      about: "What was due and not handled is still there.",
      needs: all(due, silent),
      run: crashWhenDue,
    },
    {
      id: "T6",
      name: "sixty days",
      about: "A retry after 60 days, more than a timer takes: it comes then, and not before.",
      needs: all(virtual, lane),
      run: sixtyDays,
    },
    {
      id: "T7",
      name: "cancel and reschedule",
      about: "A delayed event is listed, moved and cancelled exactly.",
      needs: all(due, shared),
      run: rescheduled,
    },
    {
      id: "T8",
      name: "clocks that differ",
      about: "One client's clock is an hour behind, another's an hour ahead: the store's decides.",
      needs: all(due, network, shared),
      run: clocksDiffer,
    },
    {
      id: "T9",
      name: "expiry",
      about: "Fresh events are received, expired ones counted and not handled.",
      needs: all(due, shared),
      run: expiry,
    },
    {
      id: "T10",
      name: "attempts after a long wait",
      about: "A retry after a wait counts like one at once: attempts 1, 2, 3.",
      run: attemptsAfterWait,
    },
  ],
};

/* Real servers have other work, too. */
function lateMax({ time }: Scene): number {
  return time.isVirtual ? 20 : 5_000;
}

async function notEarly(scene: Scene): Promise<void> {
  const at: number[] = [];
  await retried(scene, { each: 1, waits: () => 100, attempts: at });
  const waited = at[1]! - at[0]!;
  claim(waited >= 99.5, `A retry after 100 ms came after ${waited} ms.`);
  claim(waited <= 100 + lateMax(scene), `A retry after 100 ms came after ${waited} ms.`);
}

async function dueAtOnce(scene: Scene): Promise<void> {
  const at: number[] = [];
  await retried(scene, { each: 1, waits: () => 0, attempts: at });
  const waited = at[1]! - at[0]!;
  claim(waited <= lateMax(scene), `A retry after 0 ms came after ${waited} ms.`);
}

/* Where the store keeps what is due later, and several clients see it. */
function isDueInStore({ features, isStore }: Scene): boolean {
  return isStore && due(features) === undefined && shared(features) === undefined;
}

async function publishedLater(scene: Scene): Promise<void> {
  const at: number[] = [];
  const { hand, wire } = await delayedHand(scene, () => void at.push(scene.time.runtime.host.now() - start));
  const start = scene.time.runtime.host.now();
  await hand.send(wire("d-1", start + 3_000), wire("d-2", start + 2_000), wire("d-3", start + 2_000));
  await hand.has(3);
  claimSame(hand.items.map(idOf), ["d-2", "d-3", "d-1"], "the order of what was due, equal times included");
  for (const [index, wanted] of [2_000, 2_000, 3_000].entries())
    claim(
      at[index]! >= wanted && at[index]! <= wanted + lateMax(scene),
      `A delay of ${wanted} ms took ${at[index]} ms.`,
    );
}

async function dueInThePast(scene: Scene): Promise<void> {
  const { hand, wire } = await delayedHand(scene);
  const start = now(scene);
  await hand.send(wire("d-1", scene.time.runtime.host.now() - 5_000));
  await hand.has(1);
  claim(now(scene) - start <= lateMax(scene), "What was due before it was sent had to wait.");
}

async function crashWhenDue(scene: Scene): Promise<void> {
  const { transport, sleeper } = await scene.sleepy();
  const { hand: killed, wire } = await receiver(scene, { ...KEEPS, transport });
  const dueAt = scene.time.runtime.host.now() + 5_000;
  await killed.send(wire("d-1", { dueAt }));
  await killed.has(1);
  sleeper.sleep();
  const { hand: next } = await receiver(scene);
  await next.has(1);
  claimSame(next.items.map(idOf), ["d-1"], "what came again");
}

async function rescheduled(scene: Scene): Promise<void> {
  const { hand, wire } = await delayedHand(scene);
  const store = hand.transport.store!;
  const start = scene.time.runtime.host.now();
  await hand.send(wire("d-1", start + 60_000), wire("d-2", start + 60_000), wire("d-3", start + 60_000));
  const listed = async (after?: string, limit?: number): Promise<string[]> =>
    (await store.due(after, limit)).map(({ id }) => id);
  claimSame(
    [await listed(undefined, 2), await listed("d-2")],
    [["d-1", "d-2"], ["d-3"]],
    "two pages of what is due",
  );
  const within = <T>(work: T | Promise<T>) => scene.time.within(Promise.resolve(work), "reschedule()");
  const answers = [
    await within(store.reschedule("d-1", undefined)),
    await within(store.reschedule("d-2", start + 3_000)),
    await within(store.reschedule("d-9", start)),
  ];
  claimSame(answers, [true, true, false], "the answers of reschedule()");
  claimSame(
    (await store.due()).map(({ id, dueAt }) => [id, dueAt! - start]),
    [
      ["d-2", 3_000],
      ["d-3", 60_000],
    ],
    "what is due then",
  );
  await hand.has(1);
  claim(scene.time.runtime.host.now() - start < 30_000, "What was moved forward waited for its old time.");
  if (scene.time.isVirtual) await hand.has(2);
  claimSame(hand.items.map(idOf), scene.time.isVirtual ? ["d-2", "d-3"] : ["d-2"], "what came");
  claimSame(await within(store.reschedule("d-2", start)), false, "moving what has come");
}

async function expiry(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  const first = await scene.started((on) => scene.listen(on, Note, { name }));
  first.lanes.get(name)!.pause();
  await scene.close(first);
  const sender = await scene.bus({ events: Note });
  await scene.time.within(sender.start(), "start()");
  const publish = (id: string, expiresIn: number) =>
    scene.time.within(sender.publish(new Note({ id }), { expiresIn }), "publish()");
  await publish("w0-0", 500);
  await publish("w0-1", 3_600_000);
  await scene.time.pass(600);
  const got: string[] = [];
  const bus = await scene.started((on) => on.on(Note, { name }, ({ id }) => void got.push(id)));
  const counts = () => bus.describe().subscriptions.find((each) => each.name === name)!.counts;
  await scene.time.until(
    () => got.length > 0 && counts().expired > 0,
    () => `${got.length} were handled, ${counts().expired} have expired`,
  );
  claimSame([got, counts().expired], [["w0-1"], 1], "what was handled, and how many expired");
}

async function delayedHand(scene: Scene, came: () => void = () => undefined) {
  const { eventName } = scene.notes(`delayed-${scene.time.runtime.host.now().toFixed()}`);
  const hand = await scene.hand({ settles: () => (came(), { kind: "done" }) });
  await hand.declare(scene.name(`hand-${scene.time.runtime.host.now().toFixed()}`), eventName);
  const wire = (id: string, dueAt: number) => ({
    ...wireOf(eventName, { id }, scene.features.serialises),
    dueAt,
  });
  return { hand, wire };
}

async function shorterFirst(scene: Scene): Promise<void> {
  const seen = await retried(scene, { each: 2, waits: (id) => (id === "w0-0" ? 3_000 : 50) });
  claimSame(seen.slice(2), ["w0-1.2", "w0-0.2"], "the order of the retries");
}

async function equalTimes(scene: Scene): Promise<void> {
  const start = now(scene);
  const seen = await retried(scene, { each: 10, waits: () => Math.max(0, start + 1_000 - now(scene)) });
  const expected = Array.from({ length: 10 }, (_, number) => `w0-${number}.2`);
  claimSame(seen.slice(10), expected, "the order of retries that were due at one moment");
}

async function sixtyDays(scene: Scene): Promise<void> {
  const days = 24 * 3_600_000;
  const Note = scene.notes();
  const attempts: number[] = [];
  const handler = (_: Note, { attempt }: Delivery): unknown => {
    attempts.push(attempt);
    return attempt === 1 ? retry({ after: 60 * days }) : undefined;
  };
  const bus = await scene.started((on) => on.on(Note, { name: scene.name("reader") }, handler));
  await scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
  await scene.time.pass(60 * days - 1_000);
  claimSame(attempts, [1], "the attempts before sixty days have passed");
  await scene.time.pass(2_000);
  claimSame(attempts, [1, 2], "the attempts after sixty days");
}

async function attemptsAfterWait(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const attempts: number[] = [];
  const handler = (_: Note, { attempt }: Delivery): unknown => {
    attempts.push(attempt);
    return attempt === 3 ? undefined : retry({ after: attempt === 1 ? 0 : 200 });
  };
  const bus = await scene.started((on) => on.on(Note, { name: scene.name("reader") }, handler));
  await scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
  await scene.time.until(
    () => attempts.length >= 3,
    () => `the attempts ${attempts.join(", ")} came`,
  );
  claimSame(attempts, [1, 2, 3], "the attempts");
}

interface Retried {
  readonly each: number;
  readonly waits: (id: string) => number;
  /** When each attempt began. */
  readonly attempts?: number[];
}

/* Every event asks for one retry; answers the attempts in their order. */
async function retried(scene: Scene, { each, waits, attempts = [] }: Retried): Promise<string[]> {
  const Note = scene.notes();
  const seen: string[] = [];
  const handler = ({ id }: Note, { attempt }: Delivery): unknown => {
    attempts.push(now(scene));
    seen.push(`${id}.${attempt}`);
    return attempt === 1 ? retry({ after: waits(id) }) : undefined;
  };
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader"), lane: { concurrency: 1 } }, handler),
  );
  await scene.write(bus, Note, { writers: 1, each });
  await scene.time.until(
    () => seen.length >= 2 * each,
    () => `${seen.length} of ${2 * each} attempts came (${seen.join(", ")})`,
  );
  return seen;
}

function now({ time }: Scene): number {
  return time.runtime.host.monotonic();
}
