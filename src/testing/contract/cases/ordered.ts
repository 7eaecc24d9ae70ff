/** O1 to O8: order, as far as it is declared. */
import { type Delivery, retry } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { Gate } from "../gate.js";
import { idOf } from "../hand.js";
import {
  all,
  begins,
  lane,
  ordered as keepsOrder,
  orderedByKey,
  silent,
  transactions,
  writesAtOnce,
} from "../needs.js";
import type { Note } from "../notes.js";
import { turnOver } from "../passing-time.js";
import { KEEPS, receiver } from "../receiver.js";
import type { Scene } from "../scene.js";

export const ordered: CaseGroup = {
  title: "Order",
  about: "Order, as far as it is declared (`order`).",
  cases: [
    {
      id: "O1",
      name: "in the order of publishing",
      about: "1,000 events and one place: they are handled in the order in which they were published.",
      needs: keepsOrder,
      patience: 2,
      run: inOrder,
    },
    {
      id: "O2",
      name: "in order per key",
      about: "16 keys and 10 places: in order within each key, and several keys at once.",
      needs: orderedByKey,
      run: perKey,
    },
    {
      id: "O3",
      name: "one at a time per key",
      about: "The second event of a key does not begin before the first is settled.",
      needs: orderedByKey,
      run: async (scene) => {
        await oneAtATime(scene);
        if (scene.isStore) await gateOfStore(scene);
      },
    },
    {
      id: "O4",
      name: "a failing head holds up its key only",
      about: "The first event of a key is tried again: the second waits for it, other keys go on.",
      needs: orderedByKey,
      run: failingHead,
    },
    {
      id: "O5",
      name: "a head that is given up",
      about:
        'With `keyFailure: "continue"` the key goes on after the dead letter; with `"park"` it waits for `resume`.',
      needs: all(orderedByKey, lane),
      isNoisy: true,
      run: givenUpHead,
    },
    {
      id: "O6",
      name: "a crash with a key in hand",
      about: "Nothing later of the key runs before the one that was running comes again.",
      needs: all(orderedByKey, silent),
      run: crashWithKey,
    },
    {
      id: "O7",
      name: "commits out of order",
      about: "Transactions end in another order than they began: no event is passed over.",
      needs: all(transactions, begins, writesAtOnce),
      run: commitsOutOfOrder,
    },
    {
      id: "O8",
      name: "the place of what comes again",
      about: "An event that is tried again comes before everything later of its key.",
      needs: orderedByKey,
      run: placeOfRetry,
    },
  ],
};

async function inOrder(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const got: string[] = [];
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      lane: { concurrency: 1 },
      handler: ({ id }) => (got.push(id), turnOver()),
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 1_000 });
  await scene.allRead();
  claimSame(firstOutOfOrder(got), undefined, "the first event out of order");
}

/* What a bus would hide: its lane keeps the order of keys by itself. */
async function gateOfStore(scene: Scene): Promise<void> {
  const { hand, wire } = await receiver(scene, { ...KEEPS, order: "key" });
  await hand.send(...["h-0", "h-1", "h-2"].map((id) => wire(id, { key: "k" })));
  await hand.has(1);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf), ["h-0"], "what is handed out of a key whose first is not settled");
  for (const at of [0, 1, 2]) {
    await hand.has(at + 1);
    await hand.settle(hand.items[at]!, { kind: "done" });
  }
  claimSame(hand.items.map(idOf), ["h-0", "h-1", "h-2"], "the order in which a key is handed out");
}

async function crashWithKey(scene: Scene): Promise<void> {
  const { transport, sleeper } = await scene.sleepy();
  const { hand: killed, wire } = await receiver(scene, { ...KEEPS, transport, order: "key" });
  await killed.send(...["k-0", "k-1", "k-2"].map((id) => wire(id, { key: "k" })));
  await killed.has(1);
  sleeper.sleep();
  const { hand: next } = await receiver(scene, { order: "key" });
  await next.send(wire("o-0", { key: "other" }), wire("k-3", { key: "k" }));
  await next.has(5);
  claimSame(next.items.map(idOf), ["o-0", "k-0", "k-1", "k-2", "k-3"], "what came after the crash");
}

async function commitsOutOfOrder(scene: Scene): Promise<void> {
  const { hand, wire } = await receiver(scene);
  const [first, second] = [await scene.begin(), await scene.begin()];
  await hand.transport.send([wire("h-1")], first);
  await hand.transport.send([wire("h-2")], second);
  await second.commit();
  await hand.has(1);
  await hand.send(wire("h-3"));
  await hand.has(2);
  await first.commit();
  await hand.has(3);
  await scene.time.silence(1_000);
  claimSame(hand.items.map(idOf).toSorted(), ["h-1", "h-2", "h-3"], "what came");
}

async function perKey(scene: Scene): Promise<void> {
  const byKey = new Map<string, string[]>();
  const running = new Set<string>();
  let most = 0;
  const handler = async ({ id, key = "" }: Note): Promise<void> => {
    claim(!running.has(key), `Two events of key ${key} ran at once.`);
    running.add(key);
    most = Math.max(most, running.size);
    await turnOver();
    running.delete(key);
    byKey.set(key, [...(byKey.get(key) ?? []), id]);
  };
  await keyed(scene, { keys: 16, each: 20, handler });
  for (const [key, ids] of byKey)
    claimSame(firstOutOfOrder(ids), undefined, `the first event of key ${key} out of order`);
  claim(most > 1, "Never did two keys run at once.");
}

async function oneAtATime(scene: Scene): Promise<void> {
  const gate = new Gate(scene.time);
  const begun: string[] = [];
  const handler = ({ id }: Note): Promise<void> => (begun.push(id), gate.pass());
  const read = keyed(scene, { keys: 1, each: 3, handler });
  await gate.holds(1);
  await scene.time.silence(1_000);
  claimSame(begun, ["w0-0"], "what has begun before the first of its key is settled");
  gate.open();
  await read;
  claimSame(begun, ["w0-0", "w0-1", "w0-2"], "the order in which they began");
}

async function failingHead(scene: Scene): Promise<void> {
  const seen: string[] = [];
  const handler = ({ id }: Note, { attempt }: Delivery): unknown => {
    seen.push(`${id}.${attempt}`);
    return id === "w0-0" && attempt === 1 ? retry({ after: 2_000 }) : undefined;
  };
  await keyed(scene, { keys: 2, each: 3, handler, isRead: false });
  const expected = ["w0-0.1", "w0-0.2", "w0-1.1", "w0-2.1", "w1-0.1", "w1-1.1", "w1-2.1"];
  await scene.time.until(
    () => seen.length >= expected.length,
    () => `${seen.join(", ")} of ${expected.join(", ")} were seen`,
  );
  claimSame(seen.toSorted(), expected, "the attempts");
  claimSame(
    seen.filter((each) => each.startsWith("w0")),
    expected.slice(0, 4),
    "the order within the key that failed",
  );
  const others = seen.findLastIndex((each) => each.startsWith("w1"));
  claim(others < seen.indexOf("w0-0.2"), "Another key waited for the one that failed.");
}

async function givenUpHead(scene: Scene): Promise<void> {
  const Note = scene.keyedNotes();
  const seen: string[] = [];
  const name = (policy: string): string => scene.name(policy);
  const bus = await scene.started((on) => {
    for (const keyFailure of ["continue", "park"] as const)
      on.on(Note, { name: name(keyFailure), keyFailure, retry: 1 }, ({ id }) => {
        seen.push(`${keyFailure} ${id}`);
        if (id === "w0-0") throw new Error("planted");
      });
  });
  for (const number of [0, 1, 2]) await bus.publish(new Note({ id: `w0-${number}`, key: "k" }));
  await scene.time.silence(1_000);
  claimSame(
    seen.filter((each) => each.startsWith("park")),
    ["park w0-0"],
    "what ran of a parked key",
  );
  claimSame(seen.length, 4, "how many ran");
  const resumed = await bus.deadLetters.resume(name("park"), "k");
  await scene.time.silence(1_000);
  claimSame([resumed, seen.slice(4)], [2, ["park w0-1", "park w0-2"]], "what went on after resume()");
}

async function placeOfRetry(scene: Scene): Promise<void> {
  const seen: string[] = [];
  const handler = ({ id }: Note, { attempt }: Delivery): unknown => {
    seen.push(`${id}.${attempt}`);
    return attempt === 1 && !id.endsWith("-2") ? retry({ after: 0 }) : undefined;
  };
  await keyed(scene, { keys: 1, each: 3, handler, isRead: false });
  await scene.time.until(
    () => seen.length >= 5,
    () => `${seen.join(", ")} were seen`,
  );
  claimSame(seen, ["w0-0.1", "w0-0.2", "w0-1.1", "w0-1.2", "w0-2.1"], "the order of the attempts");
}

interface Keyed {
  readonly keys: number;
  readonly each: number;
  readonly handler: (note: Note, delivery: Delivery) => unknown;
  readonly isRead?: boolean;
}

/* Keys take turns, each one in order; the writer of a key has its number. */
async function keyed(scene: Scene, { keys, each, handler, isRead = true }: Keyed): Promise<void> {
  const Note = scene.keyedNotes();
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), lane: { concurrency: 10 }, handler }),
  );
  const publishes: Promise<void>[] = [];
  for (let number = 0; number < each; number++)
    for (let key = 0; key < keys; key++) {
      const id = `w${key}-${number}`;
      scene.census.wrote(id);
      const publish = bus.publish(new Note({ id, key: `k${key}` }));
      publishes.push(publish.then(() => scene.census.accepted(id)));
    }
  await scene.time.within(Promise.all(publishes), "publish()");
  if (isRead) await scene.allRead();
}

function firstOutOfOrder(ids: readonly string[]): string | undefined {
  const numbers = ids.map((id) => Number(id.slice(id.lastIndexOf("-") + 1)));
  return ids.find((_, at) => numbers[at] !== at);
}
