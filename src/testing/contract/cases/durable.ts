/** D1 to D12: what survives the loss of a process. */
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { type Hand, idOf, wireOf } from "../hand.js";
import {
  all,
  durable as survives,
  killable,
  network,
  power,
  refuses,
  shared,
  store,
  told,
} from "../needs.js";
import { letters } from "../letters.js";
import { receiver } from "../receiver.js";
import type { Scene } from "../scene.js";
import { corruptRecord, fullStore } from "./refusals.js";
import { restartedWhileIdle, serverKilled } from "./servers.js";

export const durable: CaseGroup = {
  title: "Durability",
  about:
    "What survives the loss of a process (`survives`). Under virtual time a process that falls silent for good stands for one that was killed; otherwise one is killed.",
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
      needs: killable,
      run: consumerKilled,
    },
    {
      id: "D3",
      name: "a consumer is killed each time",
      about: "After so many crashes the event is a dead letter (`poison`), not a loop.",
      needs: killable,
      isNoisy: true,
      run: killedEachTime,
    },
    {
      id: "D4",
      name: "a producer is killed after the publish",
      about: "The event is there once.",
      needs: killable,
      run: (scene) => producerKilled(scene, true),
    },
    {
      id: "D5",
      name: "a producer is killed before the publish resolved",
      about: "The event is there once or not at all, never in part.",
      needs: killable,
      run: (scene) => producerKilled(scene, false),
    },
    {
      id: "D6",
      name: "the server is killed",
      about:
        "Twice during 10,000 events whose 100 writers persist, once while all wait and once while they flow: nothing that was accepted is lost.",
      needs: all(survives, network, told("killServer")),
      isNoisy: true,
      patience: 6,
      run: (scene) => serverKilled(scene, "killServer"),
    },
    {
      id: "D7",
      name: "the server restarts while all are idle",
      about: "Consumers are there again, and receive.",
      needs: all(survives, network, told("killServer")),
      isNoisy: true,
      patience: 3,
      run: restartedWhileIdle,
    },
    {
      id: "D8",
      name: "power loss",
      about: "The same, and what was not synced is gone.",
      needs: all(survives, power, told("losePower")),
      isNoisy: true,
      patience: 6,
      run: (scene) => serverKilled(scene, "losePower"),
    },
    {
      id: "D9",
      name: "a full store",
      about: "`publish` rejects, and nothing of it comes; both sides go on when there is room again.",
      needs: all(store, refuses("send")),
      isNoisy: true,
      run: fullStore,
    },
    {
      id: "D10",
      name: "a corrupt record",
      about: "It is handed out as undecodable, once, and its neighbours go on.",
      needs: all(store, told("corrupt")),
      run: corruptRecord,
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
      needs: killable,
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
  const { next } = await killedWith(scene, 1);
  const before = now(scene);
  await next.has(1);
  const ms = now(scene) - before;
  const { deliveries, failures } = next.items[0]!;
  claimSame([deliveries, failures], [2, 0], "deliveries and failures elsewhere");
  const most = scene.features.leaseMs + SWEEP_MS + 1_000;
  claim(ms <= most, `It came again after ${ms} ms; lease and sweep are ${most} ms.`);
}

async function allComeAgain(scene: Scene): Promise<void> {
  const { ids, next } = await killedWith(scene, 20);
  await next.has(20);
  await scene.time.silence(10_000);
  claimSame(next.items.map(idOf).toSorted(), ids.toSorted(), "what came again");
}

/* A consumer that has so many and is killed, and another one. */
async function killedWith(scene: Scene, count: number): Promise<{ ids: readonly string[]; next: Hand }> {
  const { hand, group, event, wire } = await receiver(scene, { credit: 0 });
  const ids = Array.from({ length: count }, (_, at) => `h-${at}`);
  await hand.send(...ids.map((id) => wire(id)));
  await holdAndDie(scene, { group, event, ids });
  hand.transport.credit(group, 1_000);
  return { ids, next: hand };
}

async function holdAndDie(
  scene: Scene,
  what: { group: string; event: string; ids: readonly string[] },
): Promise<void> {
  const { group, event, ids } = what;
  const victim = await scene.victim();
  await victim.does({ group, event, ids: [] });
  await scene.time.until(
    () => victim.came.length >= ids.length,
    () => `${victim.came.length} of ${ids.length} have come to the process that is to be killed`,
  );
  await victim.kill();
}

/* More often than a delivery of one attempt may crash. */
const LIVES = 4;

async function killedEachTime(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const group = scene.name("reader");
  const sender = await scene.started((on) => on.on(Note, { name: group }, () => undefined));
  sender.lanes.get(group)!.pause();
  await scene.close(sender);
  const publisher = await scene.started(() => undefined, { events: Note, onUnhandled: "ignore" });
  await scene.time.within(publisher.publish(new Note({ id: "w0-0" }), { id: "w0-0" }), "publish()");
  for (let life = 0; life < LIVES; life++)
    await holdAndDie(scene, { group, event: Note.eventName, ids: ["w0-0"] });
  let runs = 0;
  let isDead = false;
  const bus = await scene.started((on) => {
    on.notices.on("delivery.deadLettered", () => (isDead = true));
    return on.on(Note, { name: group, retry: 1 }, () => void runs++);
  });
  await scene.time.until(
    () => runs > 0 || isDead,
    () => "after all crashes it has not come again",
  );
  const [letter] = isDead ? await letters(scene, bus, 1) : [];
  claimSame([runs, letter?.reason], [0, "poison"], "how often the handler ran then, and how it ended");
}

async function producerKilled(scene: Scene, hasResolved: boolean): Promise<void> {
  const { hand, group, event, wire } = await receiver(scene);
  const victim = await scene.victim();
  const body = "x".repeat(10_000);
  await victim.does({ group, event, ids: ["h-0"], body });
  if (hasResolved)
    await scene.time.until(
      () => victim.hasSent,
      () => "what the process that is to be killed sends is not accepted",
    );
  await victim.kill();
  await scene.time.silence(2 * scene.features.leaseMs);
  if (hasResolved) await hand.has(1);
  const whole = (wire("h-0").body as Uint8Array).length + body.length + `,"body":""`.length;
  const sizes = hand.items.map(({ envelope }) => "body" in envelope && (envelope.body as Uint8Array).length);
  claim(
    sizes.length <= 1 && sizes.every((size) => size === whole),
    `It came ${sizes.length} times, or in part.`,
  );
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
