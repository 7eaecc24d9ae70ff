/** U1 to U8: the same id twice. */
import type { CaseGroup } from "../case.js";
import { claimSame } from "../claims.js";
import { all, dedupe as dedupes, durable, lane, network, transactions } from "../needs.js";
import type { Scene } from "../scene.js";

export const dedupe: CaseGroup = {
  title: "Dedupe",
  about: "The same id twice: at publish, where `dedupeWindowMs` says so, and on receipt.",
  cases: [
    {
      id: "U1",
      name: "within the window",
      about: "One of two is kept, and `send` answers `duplicate`.",
      needs: dedupes,
    },
    { id: "U2", name: "after the window", about: "It is kept again.", needs: dedupes },
    {
      id: "U3",
      name: "a hundred at once",
      about: "100 publishers with one id: one is kept.",
      needs: dedupes,
    },
    {
      id: "U4",
      name: "nobody knows whether it arrived",
      about: "A publish that timed out and is repeated is kept once.",
      needs: all(dedupes, network),
    },
    {
      id: "U5",
      name: "the window outlives a restart",
      about: "One is kept though the server was restarted.",
      needs: all(dedupes, durable),
    },
    { id: "U6", name: "the scope", about: "Per group, name or key, as declared.", needs: dedupes },
    {
      id: "U7",
      name: "the inbox",
      about: "An id that was handled comes again: the handler does not run, and it counts as deduplicated.",
      needs: lane,
      run: inbox,
    },
    {
      id: "U8",
      name: "a crash between effect and mark",
      about: "Both are there, or neither.",
      needs: all(durable, transactions),
    },
  ],
};

async function inbox(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  let runs = 0;
  const bus = await scene.started((on) =>
    on.on(Note, { name, dedupe: { by: "id", window: "1m" } }, () => void runs++),
  );
  for (let time = 0; time < 3; time++) {
    await scene.time.within(bus.publish(new Note({ id: "w0-0" }), { id: scene.name("same") }), "publish()");
    await scene.time.silence(1_000);
  }
  const counts = bus.describe().subscriptions.find((each) => each.name === name)?.counts;
  claimSame([runs, counts?.handled, counts?.deduplicated], [1, 1, 2], "runs, handled and deduplicated");
}
