/** D1 to D12: what survives the loss of a process. A process that falls silent and never wakes is one that was killed. */
import { retry } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { type Hand, idOf, wireOf } from "../hand.js";
import { all, durable as survives, power, shared, virtual } from "../needs.js";
import { letters } from "../letters.js";
import type { Scene } from "../scene.js";

const silent = all(shared, virtual);

export const durable: CaseGroup = {
  title: "Durability",
  about:
    "What survives the loss of a process (`survives`). A process that falls silent for good stands for one that was killed.",
  cases: [
    {
      id: "D1",
      name: "published while nobody consumed",
      about:
        "50 events, published by a bus whose consumer stands still, and closed: the next bus handles all.",
      needs: survives,
      run: whileNobodyConsumed,
    },
    {
      id: "D2",
      name: "a consumer is killed",
      about:
        "In the middle of a handler: the event comes again elsewhere, as delivery 2, within lease and sweep.",
      needs: silent,
      run: consumerKilled,
    },
    {
      id: "D3",
      name: "a consumer is killed each time",
      about: "After so many crashes the event is a dead letter (`poison`), not a loop.",
      needs: silent,
      isNoisy: true,
      run: killedEachTime,
    },
    {
      id: "D4",
      name: "a producer is killed after the publish",
      about: "The event is there once.",
      needs: silent,
      run: (scene) => producerKilled(scene, true),
    },
    {
      id: "D5",
      name: "a producer is killed before the publish resolved",
      about: "The event is there once or not at all, never in part.",
      needs: silent,
      run: (scene) => producerKilled(scene, false),
    },
    {
      id: "D6",
      name: "the server is killed",
      about: "Twice during 10,000 events: nothing that was accepted is lost.",
      needs: survives,
    },
    {
      id: "D7",
      name: "the server restarts while all are idle",
      about: "Consumers are there again, and receive.",
      needs: survives,
    },
    {
      id: "D8",
      name: "power loss",
      about: "What was not synced is gone: nothing that was accepted is.",
      needs: all(survives, power),
    },
    {
      id: "D9",
      name: "a full store",
      about: "`publish` rejects; consumers go on when there is room again.",
      needs: survives,
    },
    {
      id: "D10",
      name: "a corrupt record",
      about: "It is a dead letter, and its neighbours go on.",
      needs: survives,
    },
    {
      id: "D11",
      name: "the schema",
      about: "Ten clients open a new place at once, and once more: each sends, and all is received.",
      needs: shared,
      run: schema,
    },
    {
      id: "D12",
      name: "what a dead process had",
      about: "20 events were out: all come again, each once.",
      needs: silent,
      run: allComeAgain,
    },
  ],
};

async function whileNobodyConsumed(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  const first = await scene.started((on) => scene.listen(on, Note, { name }));
  first.lanes.get(name)!.pause();
  await scene.write(first, Note, { writers: 5, each: 10 });
  await scene.close(first);
  await scene.started((on) => scene.listen(on, Note, { name }));
  await scene.allRead();
}

/* Sweeps come at most every five seconds. */
const SWEEP_MS = 5_000;

async function consumerKilled(scene: Scene): Promise<void> {
  const { killed, next } = await killedWith(scene, 1);
  claimSame(killed.items[0]!.deliveries, 1, "the delivery that was killed");
  const before = now(scene);
  await next.has(1);
  const ms = now(scene) - before;
  claimSame(
    [next.items[0]!.deliveries, next.items[0]!.failures],
    [2, 0],
    "deliveries and failures elsewhere",
  );
  const most = scene.features.leaseMs + SWEEP_MS + 1_000;
  claim(ms <= most, `It came again after ${ms} ms; lease and sweep are ${most} ms.`);
}

async function allComeAgain(scene: Scene): Promise<void> {
  const { killed, next } = await killedWith(scene, 20);
  await next.has(20);
  await scene.time.silence(10_000);
  claimSame(next.items.map(idOf).toSorted(), killed.items.map(idOf).toSorted(), "what came again");
}

/* A consumer that has so many and never wakes, and another one. */
async function killedWith(scene: Scene, count: number): Promise<{ killed: Hand; next: Hand }> {
  const { eventName } = scene.notes("by-hand");
  const group = scene.name("hand");
  const { transport, sleeper } = await scene.sleepy();
  const killed = await scene.hand({ transport, settles: () => undefined });
  await killed.declare(group, eventName);
  await killed.send(
    ...Array.from({ length: count }, (_, at) =>
      wireOf(eventName, { id: `h-${at}` }, scene.features.serialises),
    ),
  );
  await killed.has(count);
  sleeper.sleep();
  const next = await scene.hand();
  await next.declare(group, eventName);
  return { killed, next };
}

async function killedEachTime(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  let runs = 0;
  for (let life = 0; life < 5; life++) {
    const { transport, sleeper } = await scene.sleepy();
    const bus = await scene.started(
      (on) => on.on(Note, { name, retry: 1 }, () => (runs++, sleeper.sleep(), retry({ after: 0 }))),
      { transport },
    );
    if (life === 0) await scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
    if (life < 4) {
      await scene.time.until(
        () => runs > life,
        () => `life ${life + 1} has not begun`,
      );
      continue;
    }
    const [letter] = await letters(scene, bus, 1);
    claimSame([runs, letter?.reason], [4, "poison"], "how often the handler ran, and how it ended");
  }
}

async function producerKilled(scene: Scene, hasResolved: boolean): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const group = scene.name("hand");
  const hand = await scene.hand();
  await hand.declare(group, eventName);
  const { transport, sleeper } = await scene.sleepy();
  const producer = await scene.hand({ transport });
  const data = { id: "h-0", body: "x".repeat(10_000) };
  const envelope = wireOf(eventName, data, scene.features.serialises);
  const sent = producer.send(envelope);
  if (hasResolved) await sent;
  sleeper.sleep();
  void sent.catch(() => undefined);
  await scene.time.silence(2 * scene.features.leaseMs);
  const sizes = hand.items.map(
    (item) => "body" in item.envelope && (item.envelope.body as Uint8Array).length,
  );
  const size = (envelope.body as Uint8Array).length;
  claim(
    sizes.length <= 1 && sizes.every((each) => each === size),
    `It came ${sizes.length} times, or in part.`,
  );
  claim(sizes.length === 1 || !hasResolved, "What was accepted is not there.");
  sleeper.wake();
}

async function schema(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  for (const round of [0, 1]) {
    const hands = await Promise.all(Array.from({ length: 10 }, () => scene.hand()));
    await Promise.all(hands.map((hand) => hand.declare(scene.name("hand"), eventName)));
    const id = (at: number): string => `h${round}-${at}`;
    await Promise.all(
      hands.map((hand, at) => hand.send(wireOf(eventName, { id: id(at) }, scene.features.serialises))),
    );
    const came = (): string[] => hands.flatMap(({ items }) => items.map(idOf));
    await scene.time.until(
      () => came().length >= 10,
      () => `${came().length} of 10 have come`,
    );
    claimSame(came().toSorted(), hands.map((_, at) => id(at)).toSorted(), "what came");
    for (const hand of hands) await hand.close();
  }
}

function now({ time }: Scene): number {
  return time.runtime.host.monotonic();
}
