/** U1 to U8: the same id twice. */
import type { Item, WireEnvelope } from "../../../transport/transport.js";
import type { CaseGroup } from "../case.js";
import { claimSame } from "../claims.js";
import { all, begins, dedupe as dedupes, durable, link, shared, told, virtual } from "../needs.js";
import { type Hand, idOf, wireOf } from "../hand.js";
import { KEEPS, receiver } from "../receiver.js";
import type { Scene } from "../scene.js";
import { nobodyKnows } from "./servers.js";

export const dedupe: CaseGroup = {
  title: "Dedupe",
  about: "The same id twice: at publish, where `dedupeWindowMs` says so, and on receipt.",
  cases: [
    {
      id: "U1",
      name: "within the window",
      about: "One of two is kept, and `send` answers `duplicate`.",
      needs: dedupes,
      run: withinWindow,
    },
    {
      id: "U2",
      name: "after the window",
      about: "It is kept again.",
      needs: all(dedupes, virtual),
      run: afterWindow,
    },
    {
      id: "U3",
      name: "a hundred at once",
      about: "100 publishers with one id, on two clients where they share a store: one is kept.",
      needs: dedupes,
      run: hundredAtOnce,
    },
    {
      id: "U4",
      name: "nobody knows whether it arrived",
      about: "A publish that timed out and is repeated is kept once.",
      needs: all(dedupes, link, told("loseAnswer"), shared),
      run: nobodyKnows,
    },
    {
      id: "U5",
      name: "the window outlives a restart",
      about: "One is kept though the store was closed in between.",
      needs: all(dedupes, durable),
      run: outlivesRestart,
    },
    {
      id: "U6",
      name: "the scope",
      about:
        "The id alone: another name or key makes no other event of it, the same data under another id do; each group has it.",
      needs: dedupes,
      run: scope,
    },
    {
      id: "U7",
      name: "the inbox",
      about:
        "An id that was handled comes again: the handler does not run. What a lane finds out counts as deduplicated.",
      needs: (features) => (features.holds === "lane" ? undefined : all(shared, virtual)(features)),
      run: (scene) => (scene.isStore ? inboxOfStore(scene) : inbox(scene)),
    },
    {
      id: "U8",
      name: "a crash between effect and mark",
      about: "An effect and the settlement of its delivery in one transaction: both are there, or neither.",
      needs: all(durable, begins),
      run: crashBetween,
    },
  ],
};

async function withinWindow(scene: Scene): Promise<void> {
  const { hand, wire } = await same(scene);
  const answers = [await hand.send(wire), await hand.send(wire)].flat();
  await hand.has(1);
  await scene.time.silence(2_000);
  claimSame([answers, hand.items.length], [["accepted", "duplicate"], 1], "the answers, and how many came");
}

async function afterWindow(scene: Scene): Promise<void> {
  const { hand, wire } = await same(scene);
  await hand.send(wire);
  await scene.time.pass(scene.features.dedupeWindowMs + 1_000);
  claimSame(await hand.send(wire), ["accepted"], "the answer after the window");
  await hand.has(2);
}

async function hundredAtOnce(scene: Scene): Promise<void> {
  const { hand, wire } = await same(scene);
  const hands = shared(scene.features) === undefined ? [hand, await scene.hand()] : [hand];
  const sends = Array.from({ length: 100 }, (_, at) => hands[at % hands.length]!.send(wire));
  const answers = (await Promise.all(sends)).flat();
  await hand.has(1);
  await scene.time.silence(2_000);
  const accepted = answers.filter((answer) => answer === "accepted").length;
  claimSame([accepted, hand.items.length], [1, 1], "how many were accepted, and came");
}

async function outlivesRestart(scene: Scene): Promise<void> {
  const { hand, wire } = await same(scene);
  await hand.send(wire);
  await hand.has(1);
  await hand.close();
  const { hand: next } = await same(scene);
  claimSame(await next.send(wire), ["duplicate"], "the answer after a restart");
  await scene.time.silence(2_000);
  claimSame(next.items.map(idOf), [], "what came after the restart");
}

/* The id is handled, put off, and given up: only the first keeps it. */
async function inboxOfStore(scene: Scene): Promise<void> {
  const inboxMs = 2 * scene.features.dedupeWindowMs + 60_000;
  const { hand, wire } = await receiver(scene, { ...KEEPS, inboxMs });
  const again = async (id: string): Promise<void> => {
    await scene.time.pass(scene.features.dedupeWindowMs + 1_000);
    await hand.send(wire(id));
  };
  for (const id of ["done", "given-up"]) await again(id);
  await hand.has(2);
  const attempt = { attempt: 1, at: scene.time.runtime.host.now(), ranMs: 0, error: "Error: planted" };
  await hand.settle(hand.items[0]!, { kind: "retry", afterMs: 0, attempt });
  await hand.has(3);
  await hand.settle(hand.items[2]!);
  await hand.settle(hand.items[1]!, { kind: "deadLetter", reason: "planted" });
  for (const id of ["done", "given-up"]) await again(id);
  await hand.has(4);
  await scene.time.silence(2_000);
  claimSame(hand.items.map(idOf), ["done", "given-up", "done", "given-up"], "what came");
  await scene.time.pass(inboxMs);
  await again("done");
  await hand.has(5);
}

async function same(scene: Scene): Promise<{ hand: Hand; wire: WireEnvelope }> {
  const { hand, wire } = await receiver(scene);
  return { hand, wire: wire(scene.name("same")) };
}

async function scope(scene: Scene): Promise<void> {
  const { hand, event, wire } = await receiver(scene);
  const other = scene.notes("other").eventName;
  await hand.declare(scene.name("second"), event);
  await hand.declare(scene.name("third"), other);
  const [id, another] = [scene.name("same"), scene.name("another")];
  const sent = [
    wire(id),
    wire(id, { key: "k" }),
    wire(id, { name: other }),
    wire(another, { body: wire(id).body }),
  ];
  const answers = [];
  for (const each of sent) answers.push(...(await hand.send(each)));
  claimSame(answers, ["accepted", "duplicate", "duplicate", "accepted"], "the answers");
  await hand.has(4);
  await scene.time.silence(2_000);
  const expected = ["hand", "second"].flatMap((token) =>
    [id, another].map((each) => [scene.name(token), each]),
  );
  const came = hand.items.map((item) => [item.group, idOf(item)]);
  claimSame(came.toSorted(byText), expected.toSorted(byText), "which group had which id");
}

function byText(one: readonly string[], other: readonly string[]): number {
  return one.join() < other.join() ? -1 : 1;
}

/* The effect is an event, the mark the settlement; the crash comes before the mark, and after it. */
async function crashBetween(scene: Scene): Promise<void> {
  const [cause, effect] = ["cause", "effect"].map((token) => scene.notes(token).eventName);
  const hand = await scene.hand({
    settles: ({ group }) => (group === effect ? { kind: "done" } : undefined),
  });
  for (const name of [cause!, effect!]) await hand.declare(name, name);
  const wire = (name: string, id: string) => wireOf(name, { id }, scene.features.serialises);
  const cameOf = (name: string): Item[] => hand.items.filter(({ group }) => group === name);
  const comes = (name: string, count: number): Promise<void> =>
    scene.time.until(
      () => cameOf(name).length >= count,
      () => `${cameOf(name).length} of ${count} have come of ${name}`,
    );
  await hand.send(wire(cause!, "cause"));
  for (const [at, end] of (["unmarked", "marked", "whole"] as const).entries()) {
    await comes(cause!, at + 1);
    const item = cameOf(cause!)[at]!;
    const open = await scene.begin();
    await hand.transport.send([wire(effect!, end)], open);
    if (end !== "unmarked") claimSame(await hand.settle(item, { kind: "done" }, open), "settled", "the mark");
    await (end === "whole" ? open.commit() : open.rollBack());
    if (end !== "whole") await hand.settle(item, { kind: "release" }); // stale where it is not out any more
  }
  await comes(effect!, 1);
  await scene.time.silence(3 * Math.max(scene.features.leaseMs, 1_000));
  claimSame(cameOf(effect!).map(idOf), ["whole"], "the effects");
  claimSame(cameOf(cause!).length, 3, "how often the cause came");
}

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
