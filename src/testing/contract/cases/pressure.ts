/** B1 to B4: what happens when there is no more room. */
import { LaneFullError } from "../../../errors.js";
import type { Overflow } from "../../../delivery/policies.js";
import type { CaseGroup } from "../case.js";
import { claimSame } from "../claims.js";
import { Gate } from "../gate.js";
import { all, lane, link, refuses, shared, store } from "../needs.js";
import type { Scene } from "../scene.js";
import { settlementsPileUp } from "./refusals.js";
import { fullSocket } from "./servers.js";

export const pressure: CaseGroup = {
  title: "Back-pressure",
  about: "What happens when there is no more room.",
  cases: [
    {
      id: "B1",
      name: "each policy as declared",
      about:
        "A lane with one place, one running and one waiting event, one more: it waits, is refused, or one is dropped, and nothing else is lost.",
      needs: lane,
      run: async (scene) => {
        for (const overflow of Object.keys(ENDS) as (keyof typeof ENDS)[]) await policy(scene, overflow);
      },
    },
    {
      id: "B2",
      name: "a socket that is full",
      about: "What the connection does not take yet waits in order.",
      needs: all(link, shared),
      run: fullSocket,
    },
    {
      id: "B3",
      name: "settlements pile up",
      about:
        "Of 500 events no more than 105 are handed out while no settlement is taken; then each is handled once.",
      needs: all(store, refuses("settlement")),
      isNoisy: true,
      run: settlementsPileUp,
    },
    {
      id: "B4",
      name: "pause and resume",
      about: "50 events while the lane is paused: none starts; after `resume` each is handled once.",
      run: pauseAndResume,
    },
  ],
};

/* What is handled of a first event that runs, a second that waits and a third, and how the publish of the third ends. */
const ENDS = {
  wait: { handled: ["a-0", "a-1", "a-2"], third: "waits" },
  reject: { handled: ["a-0", "a-1"], third: "refused" },
  dropOldest: { handled: ["a-0", "a-2"], third: "accepted" },
  dropNewest: { handled: ["a-0", "a-1"], third: "accepted" },
} as const satisfies Partial<Record<Overflow, unknown>>;

async function policy(scene: Scene, overflow: keyof typeof ENDS): Promise<void> {
  const Note = scene.notes(overflow.toLowerCase());
  const gate = new Gate(scene.time);
  const handled: string[] = [];
  const options = { name: scene.name(overflow), lane: { concurrency: 1, capacity: 1, overflow } } as const;
  const bus = await scene.started((on) => on.on(Note, options, ({ id }) => (handled.push(id), gate.pass())));
  await scene.time.within(bus.publish(new Note({ id: "a-0" })), "publish()");
  await gate.holds(1);
  await scene.time.within(bus.publish(new Note({ id: "a-1" })), "publish()");
  let third = "waits";
  const publish = bus.publish(new Note({ id: "a-2" })).then(
    () => (third = "accepted"),
    (error: unknown) => (third = error instanceof LaneFullError ? "refused" : String(error)),
  );
  await scene.time.silence(1_000);
  claimSame(third, ENDS[overflow].third, `how a publish to a full lane with overflow ${overflow} ends`);
  gate.open();
  await scene.time.within(publish, "publish()");
  await scene.time.within(bus.idle(), "idle()");
  claimSame(handled, ENDS[overflow].handled, `what was handled with overflow ${overflow}`);
}

async function pauseAndResume(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  const bus = await scene.started((on) => scene.listen(on, Note, { name }));
  bus.lanes.get(name)!.pause();
  await scene.write(bus, Note, { writers: 5, each: 10 });
  await scene.time.silence(1_000);
  claimSame(scene.census.readCount, 0, "how many were handled while the lane was paused");
  bus.lanes.get(name)!.resume();
  await scene.allRead();
}
