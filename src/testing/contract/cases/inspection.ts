/** I1 to I4: what can be seen and done from outside. */
import type { Bus } from "../../../bus.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { idOf, wireOf } from "../hand.js";
import { listed } from "../letters.js";
import { shared } from "../needs.js";
import { receiver } from "../receiver.js";
import type { Scene } from "../scene.js";
import { cancelRunning } from "./refusals.js";

export const inspection: CaseGroup = {
  title: "Inspection",
  about: "What can be seen and done from outside.",
  cases: [
    {
      id: "I1",
      name: "counts that are right",
      about:
        "0 at first; under load, with failures, the parts add up to the routed at every look; in the end all are handled.",
      run: counts,
    },
    {
      id: "I2",
      name: "cancelling what runs",
      about:
        "An operator removes the group of a delivery that runs: its signal aborts, and it does not run again.",
      needs: shared,
      isNoisy: true,
      run: cancelRunning,
    },
    {
      id: "I3",
      name: "pages that stand still",
      about:
        "Dead letters are listed page by page, while some are discarded and redriven: none twice, none passed over.",
      needs: shared,
      run: pages,
    },
    {
      id: "I4",
      name: "a purge",
      about: "The backlog of a group can be seen; removing the group leaves the other's.",
      needs: shared,
      run: purge,
    },
  ],
};

async function counts(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  let [looks, failures] = [0, 0];
  const handler = (): void => {
    if (++looks % 10 === 0) addsUp(bus, name);
    if (looks % 7 === 0 && failures++ < 20) throw new Error("planted");
  };
  const bus = await scene.started((on) => scene.listen(on, Note, { name, handler }));
  claimSame(addsUp(bus, name), 0, "how many are routed at first");
  await scene.write(bus, Note, { writers: 10, each: 50 });
  await scene.allRead();
  claimSame(addsUp(bus, name), 500, "how many are routed in the end");
  const { handled } = countsOf(bus, name);
  claimSame(handled, 500, "how many are handled in the end");
}

async function pages(scene: Scene): Promise<void> {
  let isBroken = true;
  const { hand, group, wire } = await receiver(scene, {
    settles: () => (isBroken ? { kind: "deadLetter", reason: "planted" } : { kind: "done" }),
  });
  const ids = Array.from({ length: 10 }, (_, at) => `h-${at}`);
  await hand.send(...ids.map((id) => wire(id)));
  await hand.has(10);
  const store = hand.transport.store!;
  const within = <T>(work: T | Promise<T>) => scene.time.within(Promise.resolve(work), "the store");
  await listed(scene, () => store.deadLetters({ group }), 10);
  isBroken = false;
  const first = await within(store.deadLetters({ group }, undefined, 4));
  const [discarded, redriven] = [first[0]!, first[1]!];
  const answers = [];
  for (const _ of [1, 2]) answers.push(await within(store.discard(discarded.id)));
  for (const _ of [1, 2]) answers.push(await within(store.redrive(redriven.id)));
  claimSame(answers, [true, false, true, false], "discarding one twice, and redriving another twice");
  await hand.has(11);
  const { failures, deliveries } = hand.items[10]!;
  claimSame([idOf(hand.items[10]!), failures, deliveries], ["h-1", 0, 1], "what was redriven, as new");
  const rest = await within(store.deadLetters({ group, reason: "planted" }, first[3]!.id));
  claimSame(
    [...first, ...rest].map(({ item }) => idOf(item)),
    ids,
    "two pages of dead letters",
  );
  claimSame(
    await within(store.deadLetters({ group: scene.name("other") })),
    [],
    "the dead letters of another group",
  );
}

async function purge(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand();
  const groups = ["kept", "purged"].map((token) => scene.name(token));
  for (const group of groups) await hand.declare(group, eventName, { credit: 0 });
  const wire = (at: number) => wireOf(eventName, { id: `h-${at}` }, scene.features.serialises);
  await hand.send(...Array.from({ length: 5 }, (_, at) => wire(at)));
  const store = hand.transport.store!;
  const backlog = async () => (await store.groups()).map(({ group, waiting }) => [group, waiting]); // by name
  claimSame(
    await backlog(),
    groups.map((group) => [group, 5]),
    "the groups, and how many wait",
  );
  for (const _ of [1, 2])
    await scene.time.within(Promise.resolve(store.removeGroup(groups[1]!)), "removeGroup()");
  claimSame(await backlog(), [[groups[0], 5]], "the groups after one was removed, twice");
  hand.transport.credit(groups[0]!, 10);
  await hand.has(5);
}

/* Answers how many are routed. */
function addsUp(bus: Bus, name: string): number {
  const { routed, ...parts } = countsOf(bus, name);
  const sum = Object.values(parts).reduce((total, part) => total + part, 0);
  claim(sum === routed, `${routed} were routed, and the parts make ${sum}: ${JSON.stringify(parts)}.`);
  return routed;
}

function countsOf(bus: Bus, name: string) {
  return bus.describe().subscriptions.find((each) => each.name === name)!.counts;
}
