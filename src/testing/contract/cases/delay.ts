/** T1 to T10: waiting until it is due. Where no delay can be asked for at publish, retries are what is due. */
import { type Delivery, retry } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { all, due, durable, lane, network, virtual } from "../needs.js";
import type { Note } from "../notes.js";
import type { Scene } from "../scene.js";

export const delay: CaseGroup = {
  title: "Delay and expiry",
  about: "Waiting until it is due. Where no delay can be asked for at publish, what is due is a retry.",
  cases: [
    {
      id: "T1",
      name: "not early",
      about: "A retry after 100 ms: never before, and not much later.",
      run: notEarly,
    },
    { id: "T2", name: "due at once", about: "A retry after 0 ms: no time passes.", run: dueAtOnce },
    {
      id: "T3",
      name: "a shorter wait overtakes",
      about: "A retry after 500 ms, then one after 50 ms: the second comes first.",
      run: shorterFirst,
    },
    {
      id: "T4",
      name: "equal times keep their order",
      about: "10 retries that are due at one moment come in the order in which they failed.",
      needs: all(virtual, lane),
      run: equalTimes,
    },
    {
      id: "T5",
      name: "a crash between due and done",
      about: "What was due and not handled is still there.",
      needs: all(due, durable),
    },
    {
      id: "T6",
      name: "sixty days",
      about: "A retry after 60 days, more than a timer takes: it comes then, and not before.",
      needs: all(virtual, lane),
      run: sixtyDays,
    },
    {
      id: "T7",
      name: "cancel and reschedule",
      about: "A delayed event is listed, moved and cancelled exactly.",
      needs: due,
    },
    {
      id: "T8",
      name: "clocks that differ",
      about: "The store's clock decides, not that of a process.",
      needs: all(due, network),
    },
    {
      id: "T9",
      name: "expiry",
      about: "Fresh events are received, expired ones counted and not handled.",
      needs: due,
    },
    {
      id: "T10",
      name: "attempts after a long wait",
      about: "A retry after a wait counts like one at once: attempts 1, 2, 3.",
      run: attemptsAfterWait,
    },
  ],
};

async function notEarly(scene: Scene): Promise<void> {
  const at: number[] = [];
  await retried(scene, { each: 1, waits: () => 100, attempts: at });
  const waited = at[1]! - at[0]!;
  claim(waited >= 99.5, `A retry after 100 ms came after ${waited} ms.`);
  claim(waited <= 100 + (scene.time.isVirtual ? 10 : 1_000), `A retry after 100 ms came after ${waited} ms.`);
}

async function dueAtOnce(scene: Scene): Promise<void> {
  const at: number[] = [];
  await retried(scene, { each: 1, waits: () => 0, attempts: at });
  const waited = at[1]! - at[0]!;
  claim(waited <= (scene.time.isVirtual ? 10 : 1_000), `A retry after 0 ms came after ${waited} ms.`);
}

async function shorterFirst(scene: Scene): Promise<void> {
  const seen = await retried(scene, { each: 2, waits: (id) => (id === "w0-0" ? 500 : 50) });
  claimSame(seen.slice(2), ["w0-1.2", "w0-0.2"], "the order of the retries");
}

async function equalTimes(scene: Scene): Promise<void> {
  const start = now(scene);
  const seen = await retried(scene, { each: 10, waits: () => Math.max(0, start + 1_000 - now(scene)) });
  const expected = Array.from({ length: 10 }, (_, number) => `w0-${number}.2`);
  claimSame(seen.slice(10), expected, "the order of retries that were due at one moment");
}

async function sixtyDays(scene: Scene): Promise<void> {
  const days = 24 * 3_600_000;
  const Note = scene.notes();
  const attempts: number[] = [];
  const handler = (_: Note, { attempt }: Delivery): unknown => {
    attempts.push(attempt);
    return attempt === 1 ? retry({ after: 60 * days }) : undefined;
  };
  const bus = await scene.started((on) => on.on(Note, { name: scene.name("reader") }, handler));
  await scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
  await scene.time.pass(60 * days - 1_000);
  claimSame(attempts, [1], "the attempts before sixty days have passed");
  await scene.time.pass(2_000);
  claimSame(attempts, [1, 2], "the attempts after sixty days");
}

async function attemptsAfterWait(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const attempts: number[] = [];
  const handler = (_: Note, { attempt }: Delivery): unknown => {
    attempts.push(attempt);
    return attempt === 3 ? undefined : retry({ after: attempt === 1 ? 0 : 200 });
  };
  const bus = await scene.started((on) => on.on(Note, { name: scene.name("reader") }, handler));
  await scene.time.within(bus.publish(new Note({ id: "w0-0" })), "publish()");
  await scene.time.until(
    () => attempts.length >= 3,
    () => `the attempts ${attempts.join(", ")} came`,
  );
  claimSame(attempts, [1, 2, 3], "the attempts");
}

interface Retried {
  readonly each: number;
  readonly waits: (id: string) => number;
  /** When each attempt began. */
  readonly attempts?: number[];
}

/* Every event asks for one retry; answers the attempts in their order. */
async function retried(scene: Scene, { each, waits, attempts = [] }: Retried): Promise<string[]> {
  const Note = scene.notes();
  const seen: string[] = [];
  const handler = ({ id }: Note, { attempt }: Delivery): unknown => {
    attempts.push(now(scene));
    seen.push(`${id}.${attempt}`);
    return attempt === 1 ? retry({ after: waits(id) }) : undefined;
  };
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader"), lane: { concurrency: 1 } }, handler),
  );
  await scene.write(bus, Note, { writers: 1, each });
  await scene.time.until(
    () => seen.length >= 2 * each,
    () => `${seen.length} of ${2 * each} attempts came (${seen.join(", ")})`,
  );
  return seen;
}

function now({ time }: Scene): number {
  return time.runtime.host.monotonic();
}
