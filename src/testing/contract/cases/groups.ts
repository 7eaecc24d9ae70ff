/** G1 to G8: several subscriptions, several processes. */
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { Census } from "../census.js";
import { Gate } from "../gate.js";
import { idOf, wireOf } from "../hand.js";
import { durable, shared } from "../needs.js";
import { turnOver } from "../passing-time.js";
import type { Scene } from "../scene.js";

export const groups: CaseGroup = {
  title: "Groups",
  about: "Several subscriptions, several processes.",
  cases: [
    {
      id: "G1",
      name: "competing consumers",
      about: "Two processes share a group: each event is handled by one.",
      needs: shared,
      run: competing,
    },
    {
      id: "G2",
      name: "two groups",
      about: "50 events and two subscriptions: both get all 50.",
      run: twoGroups,
    },
    {
      id: "G3",
      name: "from the start, or from now",
      about: "A new group gets what its `start` says.",
      needs: shared,
      run: fromTheStart,
    },
    {
      id: "G4",
      name: "processes join and leave",
      about: "Three processes take turns in one group: nothing is lost, and each gets some.",
      needs: shared,
      patience: 2,
      run: joinAndLeave,
    },
    {
      id: "G5",
      name: "a slow group",
      about:
        "One subscription stands still: the other has everything, and the backlog of the first can be seen.",
      run: slowGroup,
    },
    {
      id: "G6",
      name: "the last consumer leaves",
      about: "The backlog of the group is kept.",
      needs: durable,
      run: lastLeaves,
    },
    {
      id: "G7",
      name: "taken back twice",
      about: "The undo of a subscription may be called twice.",
      run: undoneTwice,
    },
    {
      id: "G8",
      name: "two versions of a group",
      about: "An event that one of its processes wants reaches the group, whoever declared it last.",
      needs: shared,
      run: twoVersions,
    },
  ],
};

async function twoGroups(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const others = new Census();
  const bus = await scene.started((on) => {
    scene.listen(on, Note, { name: scene.name("one") });
    on.on(Note, { name: scene.name("two") }, ({ id }) => others.read(id));
  });
  await scene.write(bus, Note, { writers: 5, each: 10 });
  for (const id of scene.census.acceptedIds) {
    others.wrote(id);
    others.accepted(id);
  }
  await scene.allRead();
  await scene.allRead({}, others);
}

async function competing(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const counts = [0, 0];
  const buses = [];
  for (const at of counts.keys())
    buses.push(
      await scene.started((on) =>
        scene.listen(on, Note, {
          name: scene.name("reader"),
          handler: () => (counts[at]!++, turnOver()),
        }),
      ),
    );
  await scene.write(buses[0]!, Note, { writers: 20, each: 25 });
  await scene.allRead();
  claimSame(counts[0]! + counts[1]!, 500, "how many both have handled");
  claim(Math.min(...counts) > 0, `One of the two has handled nothing (${counts.join(", ")}).`);
}

async function fromTheStart(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand();
  await hand.declare(scene.name("old"), eventName);
  const wire = (id: string) => wireOf(eventName, { id }, scene.features.serialises);
  await hand.send(wire("h-0"), wire("h-1"));
  await hand.has(2);
  const groups = await Promise.all(
    (["earliest", "now"] as const).map(async (start) => {
      const late = await scene.hand();
      await late.declare(scene.name(start), eventName, { start });
      return late;
    }),
  );
  await hand.send(wire("h-2"));
  for (const [at, count] of [3, 1].entries()) await groups[at]!.has(count);
  await scene.time.silence(1_000);
  claimSame(
    groups.map(({ items }) => items.map(idOf)),
    [["h-0", "h-1", "h-2"], ["h-2"]],
    "what groups got that begin with the earliest, and with now",
  );
}

async function joinAndLeave(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const counts = [0, 0, 0];
  const join = (at: number) =>
    scene.started((on) =>
      scene.listen(on, Note, {
        name: scene.name("reader"),
        lane: { concurrency: 2 },
        handler: () => (counts[at]!++, turnOver()),
      }),
    );
  const sender = await scene.started(() => undefined, { events: Note, onUnhandled: "ignore" });
  let last = await join(0);
  const written = scene.write(sender, Note, { writers: 20, each: 50 });
  for (const at of [1, 2]) {
    await scene.time.until(
      () => counts[at - 1]! >= 50,
      () => `process ${at - 1} has handled ${counts[at - 1]} of its first 50`,
    );
    const next = await join(at);
    await scene.close(last);
    last = next;
  }
  await written;
  await scene.allRead();
  claim(Math.min(...counts) > 0, `One of the three has handled nothing (${counts.join(", ")}).`);
}

async function lastLeaves(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  const transport = await scene.transport();
  await scene.close(await scene.started((on) => scene.listen(on, Note, { name }), { transport }));
  const sender = await scene.started(() => undefined, { events: Note, onUnhandled: "ignore", transport });
  await scene.write(sender, Note, { writers: 5, each: 10 });
  await scene.close(sender);
  await scene.started((on) => scene.listen(on, Note, { name }), { transport });
  await scene.allRead();
}

async function slowGroup(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const slow = scene.name("slow");
  const bus = await scene.started((on) => {
    on.on(Note, { name: slow, lane: { concurrency: 2 } }, () => gate.pass());
    scene.listen(on, Note, { name: scene.name("quick") });
  });
  await scene.write(bus, Note, { writers: 1, each: 50 });
  await gate.holds(2);
  await scene.allRead();
  const { running, waiting } = bus.lanes.get(slow)!;
  claimSame(running, 2, "how many of the slow group run");
  claim(scene.isStore || waiting === 48, `${waiting} of the 48 that wait can be seen.`);
  gate.open();
}

async function undoneTwice(scene: Scene): Promise<void> {
  const Note = scene.notes();
  let undo = (): void => undefined;
  const bus = await scene.started((on) => {
    undo = on.on(Note, { name: scene.name("leaves") }, () => undefined);
    scene.listen(on, Note, { name: scene.name("stays") });
  });
  undo();
  undo();
  await scene.write(bus, Note, { writers: 1, each: 5 });
  await scene.allRead();
}

async function twoVersions(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const added = scene.notes("added").eventName;
  const [next, old] = [await scene.hand(), await scene.hand()];
  const reader = scene.name("reader");
  await next.declare(reader, eventName, { events: [eventName, added] });
  await old.declare(reader, eventName, { credit: 0 });
  await old.send(wireOf(added, { id: "h-0" }, scene.features.serialises));
  await next.has(1);
  await next.close();
  await old.send(wireOf(added, { id: "h-1" }, scene.features.serialises)); // bound until a declare without it comes
  const again = await scene.hand();
  await again.declare(reader, eventName, { credit: 0 });
  await again.send(wireOf(added, { id: "h-2" }, scene.features.serialises));
  again.transport.credit(reader, 10);
  await again.has(1);
  await scene.time.silence(1_000);
  claimSame([...next.items, ...again.items].map(idOf), ["h-0", "h-1"], "what the group got of the new name");
}
