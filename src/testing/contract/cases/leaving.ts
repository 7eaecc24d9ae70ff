/** M42 to M44: subscriptions that come and go while events flow. */
import type { Bus } from "../../../bus.js";
import type { CaseGroup } from "../case.js";
import { Census } from "../census.js";
import { claimSame } from "../claims.js";
import type { NoteClass } from "../notes.js";
import { turnOver } from "../passing-time.js";
import type { Scene } from "../scene.js";

export const leaving: CaseGroup = {
  title: "Coming and going",
  about: "Subscriptions that come and go while events flow.",
  cases: [
    {
      id: "M42",
      name: "a subscription is taken back",
      about: "What is published after the undo is not handled by it; the others have everything.",
      run: takenBack,
    },
    {
      id: "M43",
      name: "consumers come and go",
      about:
        "5,000 events, read in 5 batches by consumers that leave in the middle: nothing that was accepted is lost.",
      patience: 3,
      run: comeAndGo,
    },
    {
      id: "M44",
      name: "many leave at once",
      about: "10 subscriptions leave at once, then 50 events are published: a new subscription gets all.",
      run: manyLeave,
    },
  ],
};

async function takenBack(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const got: string[] = [];
  let undo = (): void => undefined;
  const bus = await scene.started((on) => {
    undo = on.on(Note, { name: scene.name("leaves") }, ({ id }) => void got.push(id));
    scene.listen(on, Note, { name: scene.name("stays") });
  });
  await scene.write(bus, Note, { writers: 1, each: 20 });
  await scene.allRead();
  claimSame(got.length, 20, "how many the subscription got before it left");
  undo();
  await scene.write(bus, Note, { writers: 1, each: 20, from: 1 });
  await scene.allRead();
  claimSame(
    got.filter((id) => id.startsWith("w1")),
    [],
    "what a subscription got after it had left",
  );
}

async function comeAndGo(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.transport();
  const census = new Census();
  for (let batch = 0; batch < 5; batch++) {
    const bus = await scene.started((on) => consume(on, Note, { name: scene.name("reader"), census }), {
      transport,
    });
    const before = census.readCount;
    const written = scene.write(bus, Note, { writers: 10, each: 100, from: batch * 10, census });
    await scene.time.until(
      () => census.readCount >= before + 200,
      () => `${census.readCount - before} of the first 200 of batch ${batch} were handled`,
    );
    await written;
    await scene.close(bus);
  }
  if (scene.isStore)
    await scene.started((on) => consume(on, Note, { name: scene.name("reader"), census }), { transport });
  await scene.allRead({}, census);
}

/* Slow enough for some to wait when the bus closes. */
function consume(bus: Bus, notes: NoteClass, { name, census }: { name: string; census: Census }): void {
  bus.on(notes, { name, lane: { concurrency: 50 } }, async ({ id }) => {
    await turnOver();
    census.read(id);
  });
}

async function manyLeave(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const undos: (() => void)[] = [];
  const left: string[] = [];
  const bus = await scene.started((on) => {
    for (let at = 0; at < 10; at++)
      undos.push(on.on(Note, { name: scene.name(`old-${at}`) }, ({ id }) => void left.push(id)));
  });
  for (const undo of undos) undo();
  scene.listen(bus, Note, { name: scene.name("new") });
  await scene.write(bus, Note, { writers: 1, each: 50 });
  await scene.allRead();
  claimSame(left, [], "what subscriptions got that had left");
}
