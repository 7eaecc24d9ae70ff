/** Lives of a process with a bus: `lives <which>`. What it prints, and how it ends, is what the tests look at. */
import { type Bus, closeOnSignal, createBus, Event } from "signalbox";

class Ping extends Event("life.ping")<{}> {}

type Life = (bus: Bus) => Promise<void>;

const never = new Promise<void>(() => undefined);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Keeps the process alive, which listening for signals does not, until it gets one; then a round of the loop more. */
const untilSignal = (): Promise<void> => {
  const alive = setInterval(() => undefined, 1_000);
  return new Promise((resolve) =>
    process.once("SIGTERM", () => {
      clearInterval(alive);
      setImmediate(resolve);
    }),
  );
};

const lives: Readonly<Record<string, Life>> = {
  async rejects(bus) {
    bus.on(Ping, async () => {
      await Promise.resolve();
      throw new Error("the printer is on fire");
    });
    await bus.publish(new Ping());
    await bus.idle();
    say(`${bus.deadLetters.size} dead letter`);
  },

  async "stays silent"(bus) {
    bus.on(Ping, () => never);
    await bus.publish(new Ping());
    const { abandoned } = await bus.close({ deadline: 50 });
    say(`${abandoned.length} abandoned`);
  },

  async "is timed out"(bus) {
    bus.on(Ping, { timeout: 50 }, (_event, { signal }) => {
      return new Promise<void>((resolve) =>
        signal.addEventListener("abort", () => (say("aborted"), resolve())),
      );
    });
    await bus.publish(new Ping());
  },

  async "waits for a retry"(bus) {
    bus.on(Ping, { retry: { attempts: 2, delay: 50, jitter: false } }, (_event, { attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      say(`attempt ${attempt}`);
    });
    await bus.publish(new Ping());
  },

  async "has nothing to do"(bus) {
    bus.on(Ping, { retry: 3, timeout: "1h", lane: { rate: { limit: 5, interval: "1h" } } }, () => undefined);
    void bus.stream(Ping)[Symbol.asyncIterator]().next();
    await bus.publish(new Ping());
    say(`${process.listenerCount("SIGTERM") + process.listenerCount("SIGINT")} listeners`);
  },

  async "knows no signals"(bus) {
    bus.on(Ping, async (_event, delivery) => {
      say("running");
      await delivery.sleep("1h");
    });
    await bus.publish(new Ping());
  },

  async "drains at a signal"(bus) {
    closeOnSignal(bus, { deadline: "1h" });
    bus.on(Ping, async () => {
      say("running");
      await untilSignal();
      say("drained");
    });
    await bus.publish(new Ping());
  },

  async "is impatient"(bus) {
    closeOnSignal(bus, { deadline: "1h" });
    void untilSignal().then(() => say("closing"));
    bus.on(Ping, () => (say("running"), never));
    await bus.publish(new Ping());
  },

  async "takes it back"(bus) {
    const undo = closeOnSignal(bus);
    undo();
    undo();
    say(`${process.listenerCount("SIGTERM") + process.listenerCount("SIGINT")} listeners`);
  },
};

const bus = createBus();
await bus.start();
await lives[process.argv[2]!]!(bus);
