/** G1 to G7: several subscriptions, several processes. */
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { Census } from "../census.js";
import { Gate } from "../gate.js";
import { durable, store } from "../needs.js";
import type { Scene } from "../scene.js";

export const groups: CaseGroup = {
  title: "Groups",
  about: "Several subscriptions, several processes.",
  cases: [
    {
      id: "G1",
      name: "competing consumers",
      about: "Two processes share a group: each event is handled by one.",
      needs: durable,
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
      needs: store,
    },
    {
      id: "G4",
      name: "processes join and leave",
      about: "Nothing is lost, and each gets some.",
      needs: durable,
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
    },
    {
      id: "G7",
      name: "taken back twice",
      about: "The undo of a subscription may be called twice.",
      run: undoneTwice,
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
