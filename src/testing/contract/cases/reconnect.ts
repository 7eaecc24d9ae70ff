/** R1 to R10: a connection that breaks, and is there again. */
import type { CaseGroup } from "../case.js";
import { claim, claimRefused, claimSame } from "../claims.js";
import { idOf } from "../hand.js";
import { all, link, network, shared, told } from "../needs.js";
import { KEEPS, receiver } from "../receiver.js";
import type { Scene } from "../scene.js";

const storeLink = all(link, shared);

export const reconnect: CaseGroup = {
  title: "Reconnecting",
  about: "A connection that breaks (`network`).",
  cases: [
    {
      id: "R1",
      name: "a connection is reset",
      about: "Three times during 200 events whose writers persist: it is made again, and nothing is lost.",
      needs: storeLink,
      isNoisy: true,
      run: resets,
    },
    {
      id: "R2",
      name: "a half-open connection",
      about: "Nothing comes through while an event is out: it is told to be down, and goes on afterwards.",
      needs: storeLink,
      patience: 3,
      run: (scene) => halfOpen(scene, 1),
    },
    {
      id: "R3",
      name: "latency and fragments",
      about: "20 to 40 ms late, in pieces of 7 bytes: each of 100 events is handled once.",
      needs: link,
      patience: 3,
      run: badWeather,
    },
    {
      id: "R4",
      name: "no server at the start",
      about: "`start` fails by name, or waits; when there is a server, a start succeeds, and events flow.",
      needs: link,
      isNoisy: true,
      run: async (scene) => {
        await noServerAtStart(scene);
        await scene.allRead();
      },
    },
    {
      id: "R5",
      name: "back-off",
      about: "It asks again, but not in a tight loop, and not at all after a close.",
      needs: all(link, told("attempts")),
      isNoisy: true,
      patience: 3,
      run: backOff,
    },
    {
      id: "R6",
      name: "the groups are gone",
      about:
        "The server has forgotten them, and the connection is made again: they are declared again, and events flow.",
      needs: all(link, told("loseGroups")),
      isNoisy: true,
      run: groupsGone,
    },
    {
      id: "R7",
      name: "a group is removed while its consumer is cut off",
      about: "What was out is told to be lost, settling it is `stale`, and the group can be declared again.",
      needs: storeLink,
      run: removedMeanwhile,
    },
    {
      id: "R8",
      name: "a read that never ends",
      about:
        "Nothing comes through while a consumer is idle: it is told to be down, and 50 events come afterwards.",
      needs: storeLink,
      patience: 3,
      run: (scene) => halfOpen(scene, 0),
    },
    {
      id: "R9",
      name: "permission is lost",
      about: "`publish` rejects with an error that has a code; with the permission back it succeeds.",
      needs: all(network, told("revoke")),
      isNoisy: true,
      run: permissionLost,
    },
    {
      id: "R10",
      name: "the notifier crashes",
      about: "Three times: consumers listen again, and what is published afterwards comes.",
      needs: all(network, told("killNotifier")),
      isNoisy: true,
      run: notifierCrashes,
    },
  ],
};

async function resets(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  for (const round of [1, 2, 3, 4]) {
    const writing = scene.write(bus, Note, { writers: 10, each: 5, from: 10 * round, persists: true });
    await scene.accepted(50 * round - 25);
    if (round < 4) await connection.reset();
    await writing;
  }
  await scene.allRead({ recovered: "fine", duplicates: "fine" });
}

async function halfOpen(scene: Scene, out: number): Promise<void> {
  const connection = await scene.hooked("link");
  const { hand, wire } = await receiver(scene, KEEPS);
  if (out > 0) await hand.send(wire("out"));
  await hand.has(out);
  await connection.blackHole();
  await hand.is("down");
  await connection.heal();
  await hand.is("up");
  const wires = Array.from({ length: 50 }, (_, at) => wire(`h-${at}`));
  await hand.send(...wires);
  const came = (): Set<string> => new Set(hand.items.map(idOf));
  await scene.time.until(
    () => wires.every(({ id }) => came().has(id)),
    () => `${came().size} of 50 have come`,
  );
}

async function badWeather(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  await connection.weather({ latencyMs: 20, jitterMs: 20, sliceBytes: 7 });
  await scene.write(bus, Note, { writers: 10, each: 10 });
  await scene.allRead();
  await connection.heal();
}

/** M48 looks at the process meanwhile. */
export async function noServerAtStart(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const Note = scene.notes();
  await connection.refuse();
  const bus = await scene.bus();
  scene.listen(bus, Note, { name: scene.name("reader") });
  let outcome: unknown = "pending";
  const starting = bus.start().then(
    () => (outcome = "started"),
    (error: unknown) => (outcome = (error as { code?: string }).code),
  );
  await scene.time.silence(5_000);
  claim(
    outcome === "pending" || outcome === "SIGNALBOX_START",
    `A start without a server: ${String(outcome)}.`,
  );
  await connection.heal();
  if (outcome === "pending") await scene.time.within(starting, "the start that waits for a server");
  else await scene.time.within(bus.start(), "the second start()");
  await scene.write(bus, Note, { writers: 1, each: 10 });
}

/* In a second at most, on the average. */
const ATTEMPTS_MAX = 10;

async function backOff(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const before = await scene.hooked("attempts");
  await connection.refuse();
  await connection.reset();
  await scene.time.pass(5_000);
  const asked = (await scene.hooked("attempts")) - before;
  claim(asked > 0 && asked <= 5 * ATTEMPTS_MAX, `It asked ${asked} times for a connection in 5 s.`);
  await scene.time.within(bus.close({ deadline: 1_000 }), "close() while there is no connection");
  const closed = await scene.hooked("attempts");
  await scene.time.pass(5_000);
  const afterwards = (await scene.hooked("attempts")) - closed;
  claimSame(afterwards, 0, "how often it asked for a connection after close()");
}

async function groupsGone(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  await scene.hooked("loseGroups");
  await connection.reset();
  for (let number = 0; scene.census.readCount === 0; number++) {
    await scene.write(bus, Note, { writers: 1, each: 1, from: number });
    await scene.time.pass(100); // what nobody listened to is lost, and says nothing
  }
}

async function removedMeanwhile(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const { hand, group, event, wire } = await receiver(scene, KEEPS);
  await hand.send(wire("h-0"));
  await hand.has(1);
  const operator = await scene.hand();
  await scene.time.within(Promise.resolve(operator.transport.store!.removeGroup(group)), "removeGroup()");
  await connection.reset();
  await scene.time.until(
    () => hand.lost.length > 0,
    () => "the loss was not told",
  );
  claimSame(await hand.settle(hand.items[0]!), "stale", "the settlement of what was removed");
  await hand.is("up");
  await hand.declare(group, event);
  await hand.send(wire("h-1"));
  await hand.has(2);
  claimSame(idOf(hand.items[1]!), "h-1", "what came to the new group");
}

async function permissionLost(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const heal = await scene.hooked("revoke");
  await claimRefused(
    scene.time.within(bus.publish(new Note({ id: "w9-0" })), "publish()"),
    "SIGNALBOX_STORE",
    "a publish without permission",
  );
  await heal();
  await scene.write(bus, Note, { writers: 1, each: 5, persists: true });
  await scene.allRead();
}

/** X9, too. */
export async function notifierCrashes(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  for (const from of [0, 1, 2]) {
    await scene.hooked("killNotifier");
    await scene.write(bus, Note, { writers: 1, each: 20, from });
    await scene.allRead();
  }
}
