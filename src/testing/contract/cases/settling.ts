/** M12, M13, M15 to M19: what is settled stays settled, what fails comes again. */
import { done, retry } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { wireOf } from "../hand.js";
import { store } from "../needs.js";
import type { Scene } from "../scene.js";

export const settling: CaseGroup = {
  title: "Settlement",
  about: "What is settled stays settled, what fails comes again.",
  cases: [
    {
      id: "M12",
      name: "done is final",
      about:
        "An event is handled: it does not come again for three leases (three seconds where there is none).",
      run: doneIsFinal,
    },
    {
      id: "M13",
      name: "a failure comes again",
      about: "2 of 100 events fail at first: all 100 are handled in the end.",
      run: failureComesAgain,
    },
    {
      id: "M15",
      name: "many failures, then success",
      about:
        "Three subscriptions fail 100 events three times each, a fourth fails none: each gets every event.",
      run: manyFailures,
    },
    {
      id: "M16",
      name: "attempts are counted",
      about: "An event fails three times: the handler sees the attempts 1, 2, 3 and 4.",
      run: attemptsAreCounted,
    },
    {
      id: "M17",
      name: "a retry on request",
      about: "A step that answers `retry()` has the event again, one that answers `done()` has not.",
      run: retryOnRequest,
    },
    {
      id: "M18",
      name: "settled twice",
      about: "A second settlement of one delivery answers `stale`, throws nothing and changes nothing.",
      needs: store,
      run: settledTwice,
    },
    {
      id: "M19",
      name: "settling what was never handed out",
      about: "It throws nothing, and the group goes on; a store answers `stale`.",
      run: settledUnknown,
    },
  ],
};

async function doneIsFinal(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  await scene.write(bus, Note, { writers: 1, each: 10 });
  await scene.allRead();
  await scene.time.silence(3 * Math.max(scene.features.leaseMs, 1_000));
  scene.census.check();
}

async function failureComesAgain(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const failing = new Set(["w0-17", "w0-71"]);
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      handler: ({ id }) => {
        if (failing.delete(id)) throw new Error(`${id} fails at first`);
      },
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 100 });
  await scene.allRead();
  claimSame(failing.size, 0, "the number of failures that did not happen");
}

async function manyFailures(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const runs = new Map<string, number>();
  const handled = new Map<string, Set<string>>();
  const readers = ["first", "second", "third", "good"];
  const bus = await scene.started((on) => {
    for (const reader of readers)
      on.on(Note, { name: scene.name(reader) }, ({ id }) => {
        const key = `${reader} ${id}`;
        runs.set(key, (runs.get(key) ?? 0) + 1);
        if (reader !== "good" && runs.get(key)! <= 3) throw new Error(`${key} fails`);
        handled.set(reader, (handled.get(reader) ?? new Set()).add(id));
      });
  });
  await scene.write(bus, Note, { writers: 1, each: 100 });
  const sizes = (): number[] => readers.map((reader) => handled.get(reader)?.size ?? 0);
  await scene.time.until(
    () => sizes().every((size) => size === 100),
    () => `of 100 events ${readers.map((reader, at) => `${reader} handled ${sizes()[at]}`).join(", ")}`,
  );
  await scene.time.silence(1_000);
  const wrong = [...runs].filter(([key, times]) => times !== (key.startsWith("good") ? 1 : 4));
  claimSame(wrong, [], "the deliveries with another number of attempts than they failed");
}

async function attemptsAreCounted(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const attempts: number[] = [];
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      handler: (_, { attempt }) => {
        attempts.push(attempt);
        if (attempt <= 3) throw new Error(`attempt ${attempt} fails`);
      },
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await scene.time.until(
    () => attempts.length >= 4,
    () => `the attempts ${attempts.join(", ")} came`,
  );
  await scene.time.silence(1_000);
  claimSame(attempts, [1, 2, 3, 4], "the attempts that the handler saw");
}

async function retryOnRequest(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const runs: string[] = [];
  const bus = await scene.started((on) =>
    on.on(
      Note,
      {
        name: scene.name("reader"),
        steps: [
          async (delivery, next) => {
            try {
              return await next();
            } catch (error) {
              return (error as Error).message === "again" && delivery.attempt === 1
                ? retry({ after: 0 })
                : done();
            }
          },
        ],
      },
      ({ id, body }, { attempt }) => {
        runs.push(`${id}.${attempt}`);
        throw new Error(body);
      },
    ),
  );
  for (const [at, body] of ["again", "enough"].entries())
    await scene.time.within(bus.publish(new Note({ id: `w0-${at}`, body })), "publish()");
  await scene.time.until(
    () => runs.length >= 3,
    () => `${runs.length} of 3 attempts came (${runs.join(", ")})`,
  );
  await scene.time.silence(1_000);
  claimSame(runs.toSorted(), ["w0-0.1", "w0-0.2", "w0-1.1"], "the attempts");
}

async function settledTwice(scene: Scene): Promise<void> {
  const { eventName } = scene.notes();
  const hand = await scene.hand({ settles: () => undefined });
  await hand.declare(scene.name("reader"), eventName);
  const { serialises } = scene.features;
  await hand.send(wireOf(eventName, { id: "a-0" }, serialises), wireOf(eventName, { id: "a-1" }, serialises));
  await hand.has(2);
  const [first, second] = hand.items;
  const attempt = { attempt: 1, at: scene.time.runtime.host.now(), ranMs: 0, error: "Error: planted" };
  claimSame(await hand.settle(first!, { kind: "done" }), "settled", "the first settlement");
  claimSame(await hand.settle(first!, { kind: "done" }), "stale", "done after done");
  const again = await hand.settle(first!, { kind: "retry", afterMs: 0, attempt });
  claimSame(again, "stale", "retry after done");
  claimSame(await hand.settle(second!, { kind: "release" }), "settled", "a release");
  claimSame(await hand.settle(second!, { kind: "done" }), "stale", "done after a release");
  await hand.has(3);
  await scene.time.silence(1_000);
  const came = hand.items.map(({ envelope }) => ("id" in envelope ? envelope.id : ""));
  claimSame(came, ["a-0", "a-1", "a-1"], "what was handed out");
}

async function settledUnknown(scene: Scene): Promise<void> {
  const { eventName } = scene.notes();
  const hand = await scene.hand();
  await hand.declare(scene.name("reader"), eventName);
  const envelope = wireOf(eventName, { id: "a-0" }, scene.features.serialises);
  const stray = { group: scene.name("reader"), envelope, failures: 0, deliveries: 1, history: [] };
  const answer = await hand.settle(stray, { kind: "done" });
  claim(!scene.isStore || answer === "stale", `Settling what was never handed out answered ${answer}.`);
  await hand.send(wireOf(eventName, { id: "a-1" }, scene.features.serialises));
  await hand.has(1);
}
