/** M01 to M11: what is published arrives, where it should, as it was, once. */
import { claim, claimRefused, claimSame } from "../claims.js";
import type { CaseGroup } from "../case.js";
import { idOf, wireOf } from "../hand.js";
import { noDedupe } from "../needs.js";
import type { Scene } from "../scene.js";

export const publishing: CaseGroup = {
  title: "Publish and receive",
  about: "What is published arrives, where it should, as it was, once.",
  cases: [
    {
      id: "M01",
      name: "round trip",
      about: "100 events with an id, a body and a header each: all arrive, ids, data and headers unchanged.",
      run: roundTrip,
    },
    {
      id: "M02",
      name: "accepted means accepted",
      about:
        "A transport that refuses makes `publish` reject, and nothing of it arrives; what `send` has accepted has been handed out, or is kept, when `stop` resolves.",
      run: async (scene) => {
        await refusedIsNowhere(scene);
        await acceptedIsKept(scene);
      },
    },
    {
      id: "M03",
      name: "idle is quiet",
      about: "Nothing is published for 5 s: no handler runs, nothing polls in a tight loop.",
      isAlone: true,
      run: idleIsQuiet,
    },
    {
      id: "M04",
      name: "no gap after subscribe",
      about: "What is published right after `start`, or right after a later `on`, is delivered.",
      run: noGap,
    },
    {
      id: "M05",
      name: "topics are apart",
      about: "An event on each of two names: each arrives at its own subscription only.",
      run: topicsApart,
    },
    {
      id: "M06",
      name: "many topics at once",
      about: "20 names with 100 events each, published side by side: each is complete.",
      run: manyTopics,
    },
    {
      id: "M07",
      name: "both sides at once",
      about: "50 writers publish 5,000 events to 50 places of a lane: the sets are equal.",
      patience: 3,
      run: (scene) => flow(scene, { writers: 50, each: 100, concurrency: 50 }),
    },
    {
      id: "M08",
      name: "once in calm",
      about: "1,000 events without a fault: each is handled once, and none again in the second after.",
      run: (scene) => flow(scene, { writers: 10, each: 100, concurrency: 10 }),
    },
    {
      id: "M09",
      name: "a bus that only sends",
      about: "Without a subscription `publish` works, and no group is declared or given credit.",
      run: sendOnly,
    },
    {
      id: "M10",
      name: "one id twice",
      about: "Two events with one id are two deliveries where no dedupe is declared.",
      needs: noDedupe,
      run: oneIdTwice,
    },
    {
      id: "M11",
      name: "wakes up after a silence",
      about: "A burst, 30 s of nothing, one event: it is delivered.",
      run: wakesUp,
    },
  ],
};

async function roundTrip(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const got = new Map<string, unknown>();
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      handler: ({ id, body }, { eventId, headers }) => void got.set(id, [body, eventId, headers["x-number"]]),
    }),
  );
  const ids = Array.from({ length: 100 }, (_, at) => `w0-${at}`);
  const publishes = ids.map(async (id, at) => {
    scene.census.wrote(id);
    const note = new Note({ id, body: `body ${at}` });
    await bus.publish(note, { id: scene.name(id), headers: { "x-number": `${at}` } });
    scene.census.accepted(id);
  });
  await scene.time.within(Promise.all(publishes), "publish()");
  await scene.allRead();
  for (const [at, id] of ids.entries())
    claimSame(got.get(id), [`body ${at}`, scene.name(id), `${at}`], `body, id and header of ${id}`);
}

async function refusedIsNowhere(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }), {
    transport,
  });
  scene.census.wrote("w0-0");
  transport.refusal = new RangeError("there is no room");
  const refused = scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
  await claimRefused(refused, "RangeError", "a publish that the transport refuses");
  await scene.write(bus, Note, { writers: 1, each: 1, from: 1 });
  await scene.allRead();
}

async function acceptedIsKept(scene: Scene): Promise<void> {
  const Note = scene.notes("kept");
  const hand = await scene.hand();
  await hand.declare(scene.name("keeper"), Note.eventName);
  const envelope = (at: number) => wireOf(Note.eventName, { id: `k-${at}` }, scene.features.serialises);
  const sends = Array.from({ length: 20 }, (_, at) => hand.send(envelope(at)));
  const answers = (await Promise.all(sends)).flat();
  await hand.stop();
  claimSame(new Set(answers), new Set(["accepted"]), "the answers of send()");
  if (scene.isStore) {
    await hand.close();
    await hand.open();
    await hand.declare(scene.name("keeper"), Note.eventName);
    await hand.has(20);
  }
  const came = new Set(hand.items.map(idOf));
  claim(
    came.size === 20,
    `20 were accepted, and ${came.size} had been handed out or kept when stop() resolved.`,
  );
}

async function idleIsQuiet(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }), { transport });
  const [calls, fired] = [transport.calls.length, scene.time.fired ?? 0];
  const worked = process.cpuUsage();
  await scene.time.silence(5_000);
  claimSame(transport.delivered.length, 0, "what an empty store hands out");
  claim(
    transport.calls.length - calls <= 10,
    `The idle bus called ${transport.calls.slice(calls).join(", ")}.`,
  );
  const timers = (scene.time.fired ?? 0) - fired;
  claim(timers <= 100, `${timers} timers ran in 5 s of silence.`);
  const { user, system } = process.cpuUsage(worked);
  claim(scene.time.isVirtual || user + system < 400_000, "Half a second of silence kept the processor busy.");
}

async function noGap(scene: Scene): Promise<void> {
  const [First, Second] = [scene.notes("first"), scene.notes("second")];
  const bus = await scene.started((on) => scene.listen(on, First, { name: scene.name("first") }));
  const atOnce = scene.write(bus, First, { writers: 1, each: 10 });
  scene.listen(bus, Second, { name: scene.name("second") });
  await scene.write(bus, Second, { writers: 1, each: 10, from: 1 });
  await atOnce;
  await scene.allRead();
}

async function topicsApart(scene: Scene): Promise<void> {
  const topics = ["left", "right"].map((token) => ({ token, Note: scene.notes(token), got: [] as string[] }));
  const bus = await scene.started((on) => {
    for (const { token, Note, got } of topics)
      scene.listen(on, Note, { name: scene.name(token), handler: ({ id }) => got.push(id) });
  });
  for (const [from, { Note }] of topics.entries())
    await scene.write(bus, Note, { writers: 1, each: 1, from });
  await scene.allRead();
  const got = topics.map((each) => each.got);
  claimSame(got, [["w0-0"], ["w1-0"]], "what the two subscriptions got");
}

async function manyTopics(scene: Scene): Promise<void> {
  const topics = Array.from({ length: 20 }, (_, at) => ({ Note: scene.notes(`topic-${at}`), at }));
  const strays: string[] = [];
  const bus = await scene.started((on) => {
    for (const { Note, at } of topics)
      scene.listen(on, Note, {
        name: scene.name(`reader-${at}`),
        handler: ({ id }) => (id.startsWith(`w${at}-`) ? undefined : strays.push(`${id} at ${at}`)),
      });
  });
  await Promise.all(
    topics.map(({ Note, at }) => scene.write(bus, Note, { writers: 1, each: 100, from: at })),
  );
  await scene.allRead();
  claimSame(strays, [], "the events that went to another topic");
}

async function flow(
  scene: Scene,
  { concurrency, ...written }: { writers: number; each: number; concurrency: number },
): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), lane: { concurrency } }),
  );
  await scene.write(bus, Note, written);
  claimSame(scene.census.acceptedCount, written.writers * written.each, "the number of accepted events");
  await scene.allRead();
}

async function sendOnly(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const bus = await scene.started(() => undefined, { transport, onUnhandled: "ignore", events: Note });
  const receipt = await scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
  claimSame(receipt.accepted, [], "who accepted an event that nobody handles");
  claim(receipt.unhandled !== false, "An event without a subscription counted as handled.");
  claimSame(transport.count("declare") + transport.count("credit"), 0, "calls of declare and credit");
}

async function oneIdTwice(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const got: string[] = [];
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), handler: ({ body }) => got.push(body ?? "") }),
  );
  for (const body of ["one", "two"])
    await scene.time.within(
      bus.publish(new Note({ id: "w0-0", body }), { id: scene.name("same") }),
      "publish()",
    );
  await scene.time.until(
    () => got.length >= 2,
    () => `${got.length} of 2 deliveries with one id came`,
  );
  await scene.time.silence(1_000);
  claimSame(got.toSorted(), ["one", "two"], "what came of two events with one id");
}

async function wakesUp(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  await scene.write(bus, Note, { writers: 5, each: 20 });
  await scene.allRead();
  await scene.time.silence(30_000);
  await scene.write(bus, Note, { writers: 1, each: 1, from: 5 });
  await scene.allRead();
}
