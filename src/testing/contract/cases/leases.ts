/** L1 to L9: who has an event, and for how long. */
import type { CaseGroup } from "../case.js";
import { claimSame } from "../claims.js";
import { Gate } from "../gate.js";
import { type Hand, idOf } from "../hand.js";
import { all, countable, fenced, lease as leases, refuses, silent } from "../needs.js";
import { CaseTime } from "../passing-time.js";
import { KEEPS, receiver } from "../receiver.js";
import type { Scene } from "../scene.js";
import type { Sleeper } from "../sleeper.js";
import { extensionThrows } from "./refusals.js";

export const lease: CaseGroup = {
  title: "Leases",
  about: "Who has an event, and for how long (`leaseMs`).",
  cases: [
    {
      id: "L1",
      name: "longer than its lease",
      about: "A handler runs for three leases, beside another consumer: one execution.",
      needs: silent,
      run: longerThanLease,
    },
    {
      id: "L2",
      name: "extensions end",
      about: "At the settlement, and at the close: no timer is left.",
      needs: all(leases, countable),
      run: extensionsEnd,
    },
    {
      id: "L3",
      name: "an extension is refused",
      about: "The event is told to be lost (`lease`); its settlement is `stale`.",
      needs: silent,
      run: extensionRefused,
    },
    {
      id: "L4",
      name: "a lease is stolen",
      about: "The first owner settles late: the delivery of the second is not disturbed.",
      needs: all(silent, fenced),
      run: stolen,
    },
    {
      id: "L5",
      name: "an extension throws",
      about: "For less than a lease: it is told, extended again, kept, and nothing crashes.",
      needs: all(leases, refuses("extension")),
      isNoisy: true,
      patience: 2,
      run: extensionThrows,
    },
    {
      id: "L6",
      name: "extensions during a close",
      about: "A handler runs for three leases while its bus closes: it keeps the event, and ends it.",
      needs: silent,
      run: duringClose,
    },
    {
      id: "L7",
      name: "the event loop was blocked",
      about: "For longer than a lease: the signal aborts, and a second run elsewhere is allowed.",
      needs: silent,
      isNoisy: true,
      run: blocked,
    },
    {
      id: "L8",
      name: "the sweeper",
      about: "2,500 events of a dead process, and two that sweep beside each other: each comes once.",
      needs: silent,
      patience: 3,
      run: sweeper,
    },
    {
      id: "L9",
      name: "removed while it was out",
      about:
        "Its group is removed elsewhere: it is told to be lost, its settlement is `stale`, a new group goes on.",
      needs: silent,
      run: removed,
    },
  ],
};

async function longerThanLease(scene: Scene): Promise<void> {
  const { hand: first, wire } = await receiver(scene, KEEPS);
  await first.send(wire("h-0"));
  await first.has(1);
  const { hand: second } = await receiver(scene);
  await scene.time.pass(3 * scene.features.leaseMs);
  claimSame([second.items.length, first.lost.length], [0, 0], "what another had, and what was lost");
  claimSame(await first.settle(first.items[0]!), "settled", "the settlement after three leases");
}

async function extensionsEnd(scene: Scene): Promise<void> {
  const { hand, wire } = await receiver(scene);
  await hand.send(wire("h-0"));
  await hand.has(1);
  await scene.time.pass(2 * scene.features.leaseMs);
  await hand.close();
  if (scene.time instanceof CaseTime) claimSame(scene.time.timers, 0, "how many timers are left");
}

interface Stolen {
  readonly first: Hand;
  readonly second: Hand;
  readonly sleeper: Sleeper;
}

/* The first falls silent with an event in hand, and a second has it. */
async function steal(scene: Scene): Promise<Stolen> {
  const { transport, sleeper } = await scene.sleepy();
  const { hand: first, wire } = await receiver(scene, { ...KEEPS, transport });
  await first.send(wire("h-0"));
  await first.has(1);
  sleeper.sleep();
  const { hand: second } = await receiver(scene, KEEPS);
  await second.has(1);
  return { first, second, sleeper };
}

async function extensionRefused(scene: Scene): Promise<void> {
  const { first, sleeper } = await steal(scene);
  sleeper.wake();
  await scene.time.until(
    () => first.lost.length > 0,
    () => "the loss was not told",
  );
  claimSame(
    first.lost.map(({ item, reason }) => [idOf(item), reason]),
    [["h-0", "lease"]],
    "what was lost",
  );
  claimSame(await first.settle(first.items[0]!), "stale", "the settlement of what was lost");
}

async function stolen(scene: Scene): Promise<void> {
  const { first, second, sleeper } = await steal(scene);
  const late = first.settle(first.items[0]!); // before it can know
  sleeper.wake();
  claimSame(await late, "stale", "the late settlement of the first");
  await scene.time.pass(2 * scene.features.leaseMs);
  claimSame([second.items.length, second.lost.length], [1, 0], "what the second had, and lost");
  claimSame(await second.settle(second.items[0]!), "settled", "the settlement of the second");
}

async function duringClose(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const name = scene.name("reader");
  const bus = await scene.started((on) => scene.listen(on, Note, { name, handler: () => gate.pass() }));
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await gate.holds(1);
  let others = 0;
  await scene.started((on) => on.on(Note, { name }, () => void others++));
  const closing = bus.close({ deadline: 10 * scene.features.leaseMs });
  await scene.time.pass(3 * scene.features.leaseMs);
  gate.open();
  const report = await scene.time.within(closing, "close()");
  await scene.allRead();
  claimSame([others, report.released], [0, []], "what another handled, and what was released");
}

async function blocked(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const name = scene.name("reader");
  const { transport, sleeper } = await scene.sleepy();
  const signals: AbortSignal[] = [];
  const bus = await scene.started(
    (on) => on.on(Note, { name }, (_, { signal }) => (signals.push(signal), gate.pass())),
    { transport },
  );
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await gate.holds(1);
  sleeper.sleep();
  await scene.started((on) => scene.listen(on, Note, { name }));
  await scene.allRead();
  sleeper.wake();
  await scene.time.until(
    () => signals[0]!.aborted,
    () => "the signal has not aborted",
  );
  gate.open();
}

async function sweeper(scene: Scene): Promise<void> {
  const { transport, sleeper } = await scene.sleepy();
  const { hand: dead, wire } = await receiver(scene, { ...KEEPS, transport });
  await dead.send(...Array.from({ length: 2_500 }, (_, at) => wire(`h-${at}`)));
  await dead.has(2_500);
  sleeper.sleep();
  const hands = [(await receiver(scene)).hand, (await receiver(scene)).hand];
  const came = (): string[] => hands.flatMap(({ items }) => items.map(idOf));
  await scene.time.until(
    () => came().length >= 2_500,
    () => `${came().length} of 2,500 have come again`,
  );
  await scene.time.pass(2 * scene.features.leaseMs);
  claimSame(
    [came().length, new Set(came()).size],
    [2_500, 2_500],
    "how many came again, and how many different",
  );
}

async function removed(scene: Scene): Promise<void> {
  const { hand, group, event, wire } = await receiver(scene, KEEPS);
  await hand.send(wire("h-0"));
  await hand.has(1);
  const operator = await scene.hand();
  await scene.time.within(Promise.resolve(operator.transport.store!.removeGroup(group)), "removeGroup()");
  await scene.time.until(
    () => hand.lost.length > 0,
    () => "the loss was not told",
  );
  claimSame(
    hand.lost.map(({ reason }) => reason),
    ["removed"],
    "why it was lost",
  );
  claimSame(await hand.settle(hand.items[0]!), "stale", "the settlement of what was removed");
  await hand.declare(group, event);
  await hand.send(wire("h-1"));
  await hand.has(2);
}
