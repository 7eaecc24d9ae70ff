/** M57 to M60: many, slow, failing, and all of it at once. */
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { turnOver } from "../passing-time.js";
import type { Scene } from "../scene.js";

export const load: CaseGroup = {
  title: "Load",
  about: "Many, slow, failing, and all of it at once.",
  cases: [
    {
      id: "M57",
      name: "flood",
      about:
        "100,000 small events: all are handled, and the memory of the process grows by less than half a gigabyte.",
      isAlone: true,
      patience: 12,
      run: flood,
    },
    {
      id: "M58",
      name: "a slow consumer",
      about:
        "A lane of 100 places and 2,000 events at once: never more than 100 wait, publishers do, and all are handled.",
      patience: 3,
      run: slowConsumer,
    },
    {
      id: "M59",
      name: "a storm of failures",
      about:
        "Every event fails for 10 s (1 s under real time): the rate holds, and all are handled afterwards.",
      run: storm,
    },
    {
      id: "M60",
      name: "ten times side by side",
      about:
        "The whole contract ten times at once: the command's `--stress`, or `reportContract` with `times: 10`.",
      needs: () => "It is a way to run the others: `--stress`, or `times: 10`.",
    },
  ],
};

async function flood(scene: Scene): Promise<void> {
  const { flood: count = 100_000 } = scene.features;
  const Note = scene.notes();
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), lane: { concurrency: 50 } }),
  );
  const before = process.memoryUsage.rss();
  await scene.write(bus, Note, { writers: 50, each: Math.ceil(count / 50) });
  await scene.allRead();
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  claim(grown < 512, `The process grew by ${Math.round(grown)} MiB.`);
}

async function slowConsumer(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const name = scene.name("reader");
  let [most, waitingPublishes] = [0, 0];
  const places = scene.isStore ? {} : ({ waitMax: "10m", waitingMax: 2_000 } as const);
  const lane = { concurrency: 1, capacity: 100, ...places };
  const handler = async (): Promise<void> => {
    const here = bus.lanes.get(name)!;
    most = Math.max(most, here.waiting);
    waitingPublishes = Math.max(waitingPublishes, here.waitingPublishes);
    if (scene.census.readCount % 20 === 0) await turnOver();
  };
  const bus = await scene.started((on) => scene.listen(on, Note, { name, lane, handler }), { transport });
  await scene.write(bus, Note, { writers: 200, each: 10 });
  await scene.allRead();
  claim(most <= 100, `${most} deliveries waited in a lane of 100 places.`);
  claimSame(transport.excess, 0, "how many were handed out beyond the credit");
  claim(scene.isStore || waitingPublishes > 0, "No publisher ever waited for a place.");
}

async function storm(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const ms = scene.time.isVirtual ? 10_000 : 1_000;
  const { host } = scene.time.runtime;
  let [isFailing, runs] = [true, 0];
  const rate = { limit: 100, interval: 1_000 };
  const handler = (): void => {
    runs++;
    if (isFailing) throw new Error("everything fails");
  };
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), lane: { rate }, handler }),
  );
  const since = host.monotonic();
  await scene.write(bus, Note, { writers: 5, each: 10 });
  await scene.time.pass(ms);
  const took = host.monotonic() - since;
  const allowed = rate.limit * (1 + took / rate.interval);
  claim(runs <= allowed * 1.1, `${runs} attempts in ${took} ms, where the rate allows ${allowed}.`);
  await scene.time.until(
    () => runs > 50,
    () => `${runs} attempts were made of events that fail: it stopped trying`,
  );
  isFailing = false;
  await scene.allRead();
}
