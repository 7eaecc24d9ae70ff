/** P1 to P10: what cannot be handled ends as a dead letter, whole, once, and can be replayed. */
import { type Bus, type Delivery, deadLetter } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claimRefused, claimSame } from "../claims.js";
import { Gate } from "../gate.js";
import { all, countsFailures, refuses, store } from "../needs.js";
import { circular, unreadable } from "../hard-errors.js";
import type { Note } from "../notes.js";
import { letters } from "../letters.js";
import type { Scene } from "../scene.js";
import { noDeadLetter, putOff } from "./refusals.js";

export const poison: CaseGroup = {
  title: "Dead letters",
  about: "What cannot be handled ends as a dead letter, whole, once, and can be replayed.",
  cases: [
    {
      id: "P1",
      name: "after the last attempt",
      about:
        "An event fails three times: one dead letter, with its reason, its attempts, the first and the last error, the subscription.",
      isNoisy: true,
      run: afterTheLast,
    },
    {
      id: "P2",
      name: "a dead letter is whole",
      about: "Data, id, headers and key are those of the event.",
      isNoisy: true,
      run: whole,
    },
    {
      id: "P3",
      name: "no retry where none helps",
      about: "`deadLetter()` as an answer, and as a rule for an error: one attempt.",
      isNoisy: true,
      run: noRetry,
    },
    {
      id: "P4",
      name: "the store takes no dead letter",
      about: "The settlement does not succeed; when the store takes it again, there is one dead letter.",
      needs: all(store, refuses("deadLetter")),
      run: noDeadLetter,
    },
    {
      id: "P5",
      name: "replays",
      about:
        "10 dead letters; those of one reason are replayed: each is handled once, as attempt 1; the others stay.",
      isNoisy: true,
      run: replays,
    },
    {
      id: "P6",
      name: "errors that are hard to keep",
      about:
        "A circular error, one of a megabyte, one that throws when it is read: all are kept, and the next event is handled.",
      isNoisy: true,
      run: hardErrors,
    },
    {
      id: "P7",
      name: "a retried handler publishes",
      about: "Nothing of its attempts or headers is on what it publishes.",
      run: nothingLeaks,
    },
    {
      id: "P8",
      name: "put off, not failed",
      about: "An event is given back three times: it comes again, without a failure.",
      needs: all(store, countsFailures),
      run: putOff,
    },
    {
      id: "P9",
      name: "its neighbours",
      about: "One of 20 events is poison: the other 19 are handled.",
      isNoisy: true,
      run: neighbours,
    },
    {
      id: "P10",
      name: "an operator in between",
      about: "A dead letter is discarded while its replay runs: refused, and the replay is not disturbed.",
      isNoisy: true,
      run: inBetween,
    },
  ],
};

const THREE = { attempts: 3, delay: "10ms", backoff: "fixed", jitter: false } as const;

async function afterTheLast(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const name = scene.name("reader");
  const fails = (_: Note, { attempt }: Delivery): never => {
    throw new Error(`error ${attempt}`);
  };
  const bus = await scene.started((on) => on.on(Note, { name, retry: THREE }, fails), { transport });
  await publish(scene, bus, new Note({ id: "w0-0" }));
  const [letter, ...more] = await letters(scene, bus, 1);
  const errors = letter!.attempts.map(({ error }) => /error \d/.exec(String(error))?.[0]);
  claimSame(errors, ["error 1", "error 2", "error 3"], "the errors of the attempts");
  claimSame(
    [letter!.reason, letter!.subscription, more.length],
    ["failed", name, 0],
    "reason, subscription, further letters",
  );
  await scene.time.silence(1_000);
  claimSame(await bus.deadLetters.count(), 1, "how many dead letters there are a second later");
  const kinds = transport.settled.map(({ settlement }) => settlement.kind).filter((kind) => kind !== "retry");
  claimSame(kinds, ["deadLetter"], "how it was settled");
}

async function whole(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader") }, () => deadLetter("unwanted")),
  );
  const data = { id: "w0-0", body: "Größe 👩‍👩‍👧" };
  const options = { id: scene.name("id"), headers: { "x-tenant": "t1" }, ...keyOf(scene) };
  await scene.time.within(bus.publish(new Note(data), options), "publish()");
  const [letter] = await letters(scene, bus, 1);
  const { id, key, headers } = letter!.envelope;
  claimSame({ ...letter!.event }, data, "the data of the dead letter");
  claimSame(
    [id, key, headers["x-tenant"]],
    [options.id, options.key, "t1"],
    "id, key and header of the dead letter",
  );
}

function keyOf({ features }: Scene): { readonly key?: string } {
  return features.order === "none" ? {} : { key: "k-1" };
}

async function noRetry(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const runs: string[] = [];
  const retry = {
    ...THREE,
    on: (error: unknown) => (error instanceof RangeError ? deadLetter("hopeless") : undefined),
  };
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader"), retry }, ({ id }) => {
      runs.push(id);
      if (id === "w0-0") return deadLetter("unwanted");
      throw new RangeError("planted");
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 2 });
  const reasons = (await letters(scene, bus, 2)).map(({ reason }) => reason);
  await scene.time.silence(1_000);
  claimSame(
    [reasons.toSorted(), runs.toSorted()],
    [
      ["hopeless", "unwanted"],
      ["w0-0", "w0-1"],
    ],
    "reasons and runs",
  );
}

async function replays(scene: Scene): Promise<void> {
  const Note = scene.notes();
  let isBroken = true;
  const handled: string[] = [];
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader") }, ({ id }, { attempt }) => {
      if (isBroken) return deadLetter(Number(id.slice(3)) % 2 === 0 ? "even" : "odd");
      handled.push(`${id}.${attempt}`);
      return undefined;
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 10 });
  await letters(scene, bus, 10);
  isBroken = false;
  for (const letter of await bus.deadLetters.list({ reason: "even" })) await bus.deadLetters.replay(letter);
  await scene.time.until(
    () => handled.length >= 5,
    () => `${handled.length} of 5 replays were handled`,
  );
  await scene.time.silence(1_000);
  claimSame(
    handled.toSorted(),
    [0, 2, 4, 6, 8].map((at) => `w0-${at}.1`),
    "what was replayed",
  );
  claimSame(await bus.deadLetters.count(), 5, "how many dead letters stay");
}

async function hardErrors(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const errors = [circular(), new Error("x".repeat(2 ** 20)), unreadable()];
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      retry: THREE,
      handler: ({ id }) => {
        const error = errors[Number(id.slice(3))];
        if (error !== undefined) throw error;
      },
    }),
  );
  for (const at of errors.keys()) await publish(scene, bus, new Note({ id: `w0-${at}` }));
  await letters(scene, bus, 3);
  await scene.write(bus, Note, { writers: 1, each: 1, from: 9 });
  claimSame(await bus.deadLetters.count(), 3, "how many dead letters there are then");
}

async function nothingLeaks(scene: Scene): Promise<void> {
  const [Note, Child] = [scene.notes(), scene.notes("child")];
  const seen: unknown[] = [];
  const bus = await scene.started((on) => {
    on.on(Note, { name: scene.name("reader") }, async (_, delivery) => {
      if (delivery.attempt < 3) throw new Error("planted");
      await delivery.publish(new Child({ id: "w1-0" }));
    });
    on.on(Child, { name: scene.name("child") }, (_, { attempt, deliveries, headers }) => {
      seen.push(attempt, deliveries, headers["x-tenant"]);
    });
  });
  await scene.time.within(
    bus.publish(new Note({ id: "w0-0" }), { headers: { "x-tenant": "t1" } }),
    "publish()",
  );
  await scene.time.until(
    () => seen.length > 0,
    () => "what the retried handler published has not come",
  );
  claimSame(seen, [1, 1, undefined], "attempt, deliveries and header of what a retried handler publishes");
}

async function neighbours(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader"), retry: THREE }, ({ id }) => {
      if (id === "w0-7") throw new Error("poison");
      scene.census.read(id);
    }),
  );
  await scene.write(bus, Note, { writers: 1, each: 20 });
  const [letter] = await letters(scene, bus, 1);
  claimSame((letter!.event as Note).id, "w0-7", "the dead letter");
  scene.census.read("w0-7");
  await scene.allRead();
}

async function inBetween(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const gate = new Gate(scene.time);
  let runs = 0;
  const bus = await scene.started((on) =>
    on.on(Note, { name: scene.name("reader") }, async () => {
      if (runs++ === 0) return deadLetter("unwanted");
      await gate.pass();
      return undefined;
    }),
  );
  await publish(scene, bus, new Note({ id: "w0-0" }));
  const [letter] = await letters(scene, bus, 1);
  await bus.deadLetters.replay(letter!);
  await gate.holds(1);
  await claimRefused(
    bus.deadLetters.discard(letter!, "too late"),
    "TypeError",
    "discarding what is being replayed",
  );
  gate.open();
  await scene.time.until(
    () => [...bus.lanes.values()].every(({ running }) => running === 0),
    () => "the replay has not ended",
  );
  claimSame(await bus.deadLetters.count(), 0, "how many dead letters a handled replay leaves");
}

async function publish(scene: Scene, bus: Bus, note: Note): Promise<void> {
  await scene.time.within(bus.publish(note), "publish()");
}
