/** M35 to M40, M45, M46, M48, M49: starting, stopping and starting again, in any order. */
import type { CaseGroup } from "../case.js";
import { claim, claimRefused, claimSame, claimThrows } from "../claims.js";
import { link, told } from "../needs.js";
import { CaseTime } from "../passing-time.js";
import type { Scene } from "../scene.js";
import { borrowed, closeWithoutConnection, earlyFailure } from "./servers.js";

export const lifecycle: CaseGroup = {
  title: "Starting and stopping",
  about: "Starting, stopping and starting again, in any order.",
  cases: [
    {
      id: "M35",
      name: "a stop without a start",
      about: "A bus that never started closes; a transport that was never opened stops and closes.",
      run: stopWithoutStart,
    },
    {
      id: "M36",
      name: "start, stop, start",
      about: "A transport that was closed is opened again, by another bus: it delivers.",
      run: startAgain,
    },
    {
      id: "M37",
      name: "a thousand lives",
      about:
        "One transport is opened and closed 1,000 times (100 times under real time): no timer, no handle is left.",
      isAlone: true,
      patience: 6,
      run: thousandLives,
    },
    {
      id: "M38",
      name: "starts and stops that cross",
      about:
        "Three starts at once open once; a close during a start and a start during a close come to their ends.",
      run: crossing,
    },
    {
      id: "M39",
      name: "a start that fails",
      about:
        "The transport refuses to open: the start fails, nothing is left open, and the next start succeeds.",
      run: failedStart,
    },
    {
      id: "M40",
      name: "after the close",
      about: "`publish` rejects and `on` throws a `BusClosedError`, at once.",
      run: afterClose,
    },
    {
      id: "M45",
      name: "a close without a connection",
      about: "The server is gone: `close` ends within its deadline.",
      needs: link,
      isNoisy: true,
      run: closeWithoutConnection,
    },
    {
      id: "M46",
      name: "borrowed connections",
      about: "A connection that the application gave is not closed.",
      needs: told("lend"),
      run: borrowed,
    },
    {
      id: "M48",
      name: "an early failure",
      about: "A connection fails before anybody listens: no unhandled rejection, no crash.",
      needs: link,
      isNoisy: true,
      isAlone: true,
      run: earlyFailure,
    },
    {
      id: "M49",
      name: "nothing keeps the process",
      about: "After `close` there is no timer, socket or file that was not there before.",
      isAlone: true,
      run: nothingLeft,
    },
  ],
};

async function stopWithoutStart(scene: Scene): Promise<void> {
  const bus = await scene.bus();
  claimSame((await scene.close(bus)).abandoned, [], "what a bus that never started abandons");
  const transport = await scene.transport();
  await scene.time.within(Promise.resolve(transport.stop()), "stop()");
  await scene.time.within(transport.close(), "close()");
}

async function startAgain(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.transport();
  for (const from of [0, 1, 2]) {
    const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }), {
      transport,
    });
    await scene.write(bus, Note, { writers: 1, each: 10, from });
    await scene.allRead();
    await scene.close(bus);
  }
}

async function thousandLives(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.transport();
  const live = async (from: number): Promise<void> => {
    const subscribe = (on: Parameters<Scene["listen"]>[0]) =>
      scene.listen(on, Note, { name: scene.name("reader") });
    const bus = await scene.started(subscribe, { transport });
    if (from % 50 === 0) await scene.write(bus, Note, { writers: 1, each: 1, from });
    await scene.time.until(
      () => scene.census.isComplete,
      () => scene.census.missing(),
    );
    await scene.close(bus);
  };
  await live(0);
  const before = resources();
  for (let from = 1; from < (scene.time.isVirtual ? 1_000 : 100); from++) await live(from);
  await noMoreThan(scene, before);
  scene.census.check();
}

async function crossing(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const name = scene.name("reader");
  const bus = await scene.bus({ transport });
  scene.listen(bus, Note, { name });
  await scene.time.within(Promise.all([bus.start(), bus.start(), bus.start()]), "start() three times");
  claimSame(transport.count("open"), 1, "how often the transport was opened");
  await scene.write(bus, Note, { writers: 1, each: 5 });
  await scene.allRead();
  const closing = bus.close();
  await claimRefused(
    scene.time.within(bus.start(), "start()"),
    "SIGNALBOX_BUS_CLOSED",
    "a start during a close",
  );
  await scene.time.within(closing, "close()");
  const other = await scene.bus({ transport });
  const starting = other.start().catch(() => undefined);
  await scene.close(other);
  await scene.time.within(starting, "a start that was closed");
  claimSame(
    transport.count("open"),
    transport.count("close"),
    "how often it was opened, beside how often closed",
  );
}

async function failedStart(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const bus = await scene.bus({ transport });
  scene.listen(bus, Note, { name: scene.name("reader") });
  transport.refusal = new Error("not today");
  const failing = scene.time.within(bus.start(), "start()");
  await claimRefused(failing, "SIGNALBOX_START", "a start whose transport does not open");
  await scene.time.within(bus.start(), "the second start()");
  await scene.write(bus, Note, { writers: 1, each: 10 });
  await scene.allRead();
}

async function afterClose(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }));
  await scene.close(bus);
  const publish = bus.publish(new Note({ id: "w0-0" }));
  await claimRefused(publish, "SIGNALBOX_BUS_CLOSED", "a publish after close()");
  const subscribe = () => bus.on(Note, { name: scene.name("late") }, () => undefined);
  claimThrows(subscribe, "BusClosedError", "a subscription after close()");
}

async function nothingLeft(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const before = resources();
  const bus = await scene.started((on) => {
    scene.listen(on, Note, { name: scene.name("reader"), handler: failsOnce(), timeout: "1h" });
  });
  await scene.write(bus, Note, { writers: 5, each: 10 });
  await scene.allRead();
  await scene.close(bus);
  await noMoreThan(scene, before);
  if (scene.time instanceof CaseTime) claim(scene.time.timers === 0, `${scene.time.timers} timers are left.`);
}

function failsOnce(): () => void {
  let runs = 0;
  return () => {
    if (runs++ === 0) throw new Error("planted");
  };
}

/* By kind, since a timer of the guard and pipes of the test runner are there all the time. */
function resources(): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return kinds;
}

/* Ours come and go, too: those of the runner, and of the turn that is just over. */
async function noMoreThan(scene: Scene, before: ReadonlyMap<string, number>): Promise<void> {
  const more = (): string[] =>
    [...resources()]
      .filter(([kind, count]) => kind !== "Immediate" && count > (before.get(kind) ?? 0))
      .map(([kind]) => kind);
  await scene.time.until(
    () => more().length === 0,
    () => `These are still there after close(): ${more().join(", ")}`,
  );
}
