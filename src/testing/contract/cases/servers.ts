/** Cases of several groups: a server that is killed, connections that are gone or borrowed, clocks that differ. */
import { claim, claimSame } from "../claims.js";
import { idOf } from "../hand.js";
import { receiver } from "../receiver.js";
import type { Scene } from "../scene.js";
import { noServerAtStart } from "./reconnect.js";

const FINE = { recovered: "fine", duplicates: "fine" } as const;

/** D6, and D8, which loses power instead. At the first kill everything waits, at the second it flows. */
export async function serverKilled(scene: Scene, how: "killServer" | "losePower"): Promise<void> {
  const kill = await scene.hooked(how);
  const Note = scene.notes();
  const name = scene.name("reader");
  const bus = await scene.started((on) => scene.listen(on, Note, { name }));
  const lane = bus.lanes.get(name)!;
  lane.pause();
  const all = Math.min(10_000, scene.features.flood ?? Infinity);
  const writing = scene.write(bus, Note, { writers: 100, each: all / 100, persists: true });
  for (const part of [all / 3, all / 2]) {
    await scene.accepted(part);
    const start = await kill();
    await scene.time.pass(100);
    await start();
    lane.resume();
  }
  await writing;
  await scene.allRead(FINE);
}

/** D7. */
export async function restartedWhileIdle(scene: Scene): Promise<void> {
  const kill = await scene.hooked("killServer");
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const start = await kill();
  await scene.time.pass(500);
  await start();
  await scene.write(bus, Note, { writers: 1, each: 20, persists: true });
  await scene.allRead(FINE);
}

const CLOSE_MAX_MS = 5_000;

/** M45. */
export async function closeWithoutConnection(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  const { hand } = await receiver(scene);
  await connection.refuse();
  await connection.reset();
  for (const close of [() => bus.close({ deadline: 2_000 }), () => hand.close()]) {
    const before = scene.time.runtime.host.monotonic();
    await scene.time.within<unknown>(close(), "close()");
    const took = scene.time.runtime.host.monotonic() - before;
    claim(took <= CLOSE_MAX_MS, `A close without a connection took ${took} ms.`);
  }
}

/** M46. */
export async function borrowed(scene: Scene): Promise<void> {
  const { transport, isOpen, close } = await scene.hooked("lend");
  const { hand, wire } = await receiver(scene, { transport });
  await hand.send(wire("h-0"));
  await hand.has(1);
  await hand.close();
  claim(await isOpen(), "The connection that was lent was closed.");
  await close();
}

/** M48. */
export async function earlyFailure(scene: Scene): Promise<void> {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  const kinds = ["unhandledRejection", "uncaughtException"] as const;
  for (const kind of kinds) process.on(kind, note);
  try {
    await noServerAtStart(scene);
  } finally {
    for (const kind of kinds) process.off(kind, note);
  }
  claimSame(seen.map(String), [], "what nobody handled");
}

/** U4. */
export async function nobodyKnows(scene: Scene): Promise<void> {
  await scene.hooked("link");
  const { hand, wire } = await receiver(scene);
  const id = scene.name("same");
  scene.losesAnswer(id);
  const first = await hand.send(wire(id)).catch(() => "unknown");
  claimSame(first, "unknown", "the answer to a send whose connection is reset");
  await scene.time.until(
    () => hand.states.length === 0 || hand.states.at(-1) === "up",
    () => "the connection is not there again",
  );
  await hand.send(wire(id));
  await hand.has(1);
  await scene.time.silence(2_000);
  const kept = hand.items.filter(({ deliveries }) => deliveries === 1);
  claimSame(kept.length, 1, "how many are kept");
}

/** B2. */
export async function fullSocket(scene: Scene): Promise<void> {
  const connection = await scene.hooked("link");
  const { hand, wire } = await receiver(scene);
  const body = new Uint8Array(32_768);
  await connection.blackHole();
  const ids = Array.from({ length: 50 }, (_, at) => `h-${at}`);
  const sends = Promise.allSettled(ids.map((id) => hand.send(wire(id, { body }))));
  await scene.time.pass(50);
  await connection.heal();
  const refused = (await sends).flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
  claimSame(refused, [], "the sends that were refused");
  await hand.has(50);
  await scene.time.silence(1_000);
  const came = hand.items.map(idOf);
  claimSame(scene.features.order === "none" ? came.toSorted(byNumber) : came, ids, "what came, in its order");
}

function byNumber(one: string, other: string): number {
  return Number(one.slice(2)) - Number(other.slice(2));
}

const HOUR = 3_600_000;

/** T8. */
export async function clocksDiffer(scene: Scene): Promise<void> {
  await scene.hand(); // a third, whose clock is right
  const start = scene.time.runtime.host.now();
  const came: number[] = [];
  const settles = () => (came.push(scene.time.runtime.host.now() - start), { kind: "done" } as const);
  const { hand, wire } = await receiver(scene, { settles, transport: await scene.transportAt(-HOUR) });
  const ahead = await scene.hand({ transport: await scene.transportAt(HOUR) });
  await ahead.send(wire("d-0", { dueAt: start + 1_000 }));
  await hand.has(1);
  const late = came[0]! - 1_000;
  claim(late >= 0 && late <= 2_000, `What was due after 1,000 ms came after ${came[0]} ms.`);
}
