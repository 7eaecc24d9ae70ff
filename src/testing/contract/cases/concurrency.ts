/** M26 to M30: as many at once as asked for, never more, and nobody in another's way. */
import type { Bus } from "../../../bus.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame, claimThrows } from "../claims.js";
import { idOf, wireOf } from "../hand.js";
import { Gate } from "../gate.js";
import type { Scene } from "../scene.js";

export const concurrency: CaseGroup = {
  title: "Concurrency",
  about: "As many at once as asked for, never more, and nobody in another's way.",
  cases: [
    {
      id: "M26",
      name: "the ceiling is held and reached",
      about: "A limit of 5 and 10 events whose handlers wait: 5 run at once, never more, and all 10 end.",
      run: ceiling,
    },
    {
      id: "M27",
      name: "the limit changes while it runs",
      about: "Raised, lowered, up and down: the last value holds, and nothing is lost.",
      run: changingLimit,
    },
    {
      id: "M28",
      name: "limits that are none",
      about: '0, -1, NaN, 1.5 and "4" are a `TypeError` at once.',
      run: invalidLimits,
    },
    {
      id: "M29",
      name: "a stuck handler holds up nobody else",
      about: "One subscription's handler never ends: the others have all their events.",
      run: nobodyElse,
    },
    {
      id: "M30",
      name: "never more than was asked for",
      about: "Nothing is handed out before the first credit, and never more than the credit that was given.",
      run: async (scene) => {
        await creditThroughBus(scene);
        if (scene.isStore) await creditByHand(scene);
      },
    },
  ],
};

async function ceiling(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      lane: { concurrency: 5 },
      handler: () => gate.pass(),
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 10 });
  await gate.holds(5);
  await scene.time.silence(1_000);
  claimSame(gate.waiting, 5, "how many run at once with a limit of 5");
  gate.open();
  await scene.allRead();
  claimSame(gate.most, 5, "the most that ran at once");
}

async function changingLimit(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const name = scene.name("reader");
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name, lane: { concurrency: 2, capacity: 40 }, handler: () => gate.pass() }),
  );
  await scene.write(bus, Note, { writers: 1, each: 40 });
  await gate.holds(2);
  set(bus, name, 6);
  await gate.holds(6);
  set(bus, name, 1);
  for (let one = 0; one < 6; one++) gate.letOne();
  await gate.holds(1);
  await scene.time.silence(1_000);
  claimSame(gate.waiting, 1, "how many run after the limit was lowered to 1");
  set(bus, name, 8);
  set(bus, name, 3);
  await gate.holds(3);
  await scene.time.silence(1_000);
  claimSame(gate.waiting, 3, "how many run after the limit went up to 8 and down to 3");
  gate.open();
  await scene.allRead();
}

function set(bus: Bus, lane: string, concurrency: number): void {
  bus.lanes.get(lane)!.concurrency = concurrency;
}

async function invalidLimits(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.bus();
  for (const limit of [0, -1, Number.NaN, 1.5, "4"]) {
    const lane = { concurrency: limit as number };
    claimThrows(
      () => bus.on(Note, { name: scene.name("bad"), lane }, () => undefined),
      "TypeError",
      `a limit of ${limit}`,
    );
  }
}

async function nobodyElse(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  const bus = await scene.started((on) => {
    on.on(Note, { name: scene.name("stuck"), lane: { concurrency: 1 } }, () => gate.pass());
    scene.listen(on, Note, { name: scene.name("free") });
  });
  await scene.write(bus, Note, { writers: 1, each: 100 });
  await scene.allRead();
  gate.open();
}

async function creditThroughBus(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const gate = new Gate(scene.time);
  const lane = { concurrency: 3, capacity: 20 };
  const bus = await scene.started(
    (on) => scene.listen(on, Note, { name: scene.name("reader"), lane, handler: () => gate.pass() }),
    { transport },
  );
  const written = scene.write(bus, Note, { writers: 2, each: 50 });
  await gate.holds(3);
  await scene.time.silence(1_000);
  gate.open();
  await written;
  await scene.allRead();
  claimSame(transport.excess, 0, "how many were handed out beyond the credit");
  claim(gate.most <= 3, `${gate.most} ran at once with a limit of 3.`);
}

async function creditByHand(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const group = scene.name("hand");
  const hand = await scene.hand();
  await hand.declare(group, eventName, { credit: 0 });
  const envelopes = Array.from({ length: 10 }, (_, at) =>
    wireOf(eventName, { id: `h-${at}` }, scene.features.serialises),
  );
  await hand.send(...envelopes);
  await scene.time.silence(1_000);
  claimSame(hand.items.length, 0, "how many were handed out before the first credit");
  hand.transport.credit(group, 3);
  await hand.has(3);
  await scene.time.silence(1_000);
  claimSame(hand.items.length, 3, "how many were handed out with a credit of 3");
  hand.transport.credit(group, 100);
  await hand.has(10);
  claimSame(new Set(hand.items.map(idOf)).size, 10, "how many different ones came");
}
