/** M31 to M34, M41, M47: what is under way when a bus ends. */
import type { Bus } from "../../../bus.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { Gate } from "../gate.js";
import { wireOf } from "../hand.js";
import { turnOver } from "../passing-time.js";
import type { Scene } from "../scene.js";

export const closing: CaseGroup = {
  title: "Closing",
  about: "What is under way when a bus ends.",
  cases: [
    {
      id: "M31",
      name: "a close waits",
      about:
        "`close` during a handler: it ends, its signal never aborts, it is settled, then `close` resolves.",
      run: closeWaits,
    },
    {
      id: "M32",
      name: "the deadline comes first",
      about:
        "At the deadline the signal aborts; no rule for errors is asked, no attempt counted, and the event goes back, or is abandoned by name.",
      run: deadline,
    },
    {
      id: "M33",
      name: "nothing new after the stop",
      about:
        "Writers go on while the bus closes: after `stop` the transport hands out nothing, after `close` nothing starts.",
      run: nothingNew,
    },
    {
      id: "M34",
      name: "closed more than once",
      about: "Three closes at once and one later give one report; none throws.",
      run: closedTwice,
    },
    {
      id: "M41",
      name: "publishes race the close",
      about:
        "20 writers with 10,000 events, a close in the middle: all that was accepted is handled or kept, all else rejects.",
      patience: 3,
      run: racingClose,
    },
    {
      id: "M47",
      name: "a signal for each delivery",
      about: "It aborts at the timeout and at the deadline, and never after settlement.",
      run: signals,
    },
  ],
};

async function closeWaits(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const gate = new Gate(scene.time);
  const signals: AbortSignal[] = [];
  const bus = await scene.started(
    (on) =>
      scene.listen(on, Note, {
        name: scene.name("reader"),
        handler: (_, { signal }) => (signals.push(signal), gate.pass()),
      }),
    { transport },
  );
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await gate.holds(1);
  let isClosed = false;
  const closed = bus.close().then(() => (isClosed = true));
  await scene.time.silence(1_000);
  claim(!isClosed, "close() resolved while a handler was running.");
  gate.open();
  await scene.time.within(closed, "close()");
  scene.census.check();
  claim(
    signals.length === 1 && !signals[0]!.aborted,
    "The handler's signal aborted though it ended in time.",
  );
  const kinds = transport.settled.map(({ settlement }) => settlement.kind);
  claimSame(kinds, ["done"], "how the delivery was settled");
}

async function deadline(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const name = scene.name("reader");
  let asked = 0;
  const rule = (): undefined => void asked++;
  const retry = { attempts: 5, delay: "10ms", on: rule } as const;
  let begun: AbortSignal | undefined;
  const bus = await scene.started(
    (on) =>
      scene.listen(on, Note, {
        name,
        retry,
        handler: (_, { signal }) => ((begun = signal), aborted(signal)),
      }),
    { transport },
  );
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await scene.time.until(
    () => begun !== undefined,
    () => "the handler has not begun",
  );
  const report = await scene.time.within(bus.close({ deadline: "50ms" }), "close() with a deadline");
  claim(begun!.aborted, "The signal did not abort at the deadline.");
  claimSame(
    [asked, bus.deadLetters.size],
    [0, 0],
    "how often the rule for errors was asked, and dead letters",
  );
  const left = scene.isStore ? report.released : report.abandoned;
  claim(
    left.length === 1 && left[0]!.startsWith(name),
    `What was left was not named: ${JSON.stringify(report)}.`,
  );
  const kinds = transport.settled.map(({ settlement }) => settlement.kind);
  claimSame(kinds, ["release"], "how the delivery was settled");
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

async function nothingNew(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  let [isClosed, late] = [false, 0];
  const bus = await scene.started(
    (on) => scene.listen(on, Note, { name: scene.name("reader"), handler: () => void (isClosed && late++) }),
    { transport },
  );
  const written = scene.write(bus, Note, { writers: 10, each: 100 });
  await scene.time.until(
    () => scene.census.readCount >= 50,
    () => `${scene.census.readCount} of the first 50 were handled`,
  );
  await scene.close(bus);
  isClosed = true;
  await written;
  await scene.time.silence(2_000);
  claimSame(
    [transport.afterStop.length, late],
    [0, 0],
    "what was handed out after stop(), and began after close()",
  );
  await lateByHand(scene);
}

async function lateByHand(scene: Scene): Promise<void> {
  const { eventName } = scene.notes("by-hand");
  const hand = await scene.hand();
  await hand.declare(scene.name("hand"), eventName);
  for (let at = 0; at < 20; at++)
    await hand.send(wireOf(eventName, { id: `h-${at}` }, scene.features.serialises));
  await hand.stop();
  const count = hand.items.length;
  await scene.time.silence(2_000);
  claimSame(hand.items.length, count, "how many had been handed out two seconds after stop()");
}

async function closedTwice(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }), {
    transport,
  });
  await scene.write(bus, Note, { writers: 1, each: 10 });
  const reports = await scene.time.within(
    Promise.all([bus.close(), bus.close(), bus.close()]),
    "three closes",
  );
  reports.push(await scene.close(bus));
  claimSame(new Set(reports).size, 1, "how many different reports four closes gave");
  claimSame(transport.count("close"), 1, "how often the transport was closed");
}

async function racingClose(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.transport();
  const read = (on: Bus) => scene.listen(on, Note, { name: scene.name("reader"), handler: turnOver });
  const bus = await scene.started(read, { transport });
  const written = scene.write(bus, Note, { writers: 20, each: 500 });
  await scene.time.until(
    () => scene.census.acceptedCount >= 1_000,
    () => `${scene.census.acceptedCount} of the first 1,000 were accepted`,
  );
  const report = await scene.close(bus);
  await written;
  claimSame([report.abandoned, report.aborted], [[], []], "what a calm close abandoned and aborted");
  if (scene.isStore) await scene.started(read, { transport });
  await scene.allRead({ recovered: scene.isStore ? "fine" : "fault" });
}

async function signals(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const done: AbortSignal[] = [];
  const timedOut: boolean[] = [];
  const bus = await scene.started((on) => {
    scene.listen(on, Note, {
      name: scene.name("quick"),
      timeout: "50ms",
      handler: (_, { signal }) => void done.push(signal),
    });
    on.on(Note, { name: scene.name("slow"), timeout: "50ms" }, async (_, { signal, attempt }) => {
      if (attempt > 1) return;
      await aborted(signal).catch(() => undefined);
      timedOut.push(signal.aborted);
    });
  });
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await scene.allRead();
  await scene.time.until(
    () => timedOut.length > 0,
    () => "the signal has not aborted at the timeout",
  );
  await scene.close(bus);
  claimSame(
    done.map((signal) => signal.aborted),
    [false],
    "whether the signal aborted after the settlement",
  );
}
