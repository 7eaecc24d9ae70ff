/** Two copies of the library in one process, as two installed versions or a reloaded module make them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

type Library = typeof import("../../src/index.js");

const SOURCE = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "signalbox-copies-"));
let here: Library;
let there: Library;

/** A copy with classes and storages of its own. */
async function copy(name: string): Promise<Library> {
  const outfile = path.join(folder, `${name}.mjs`);
  await build({
    entryPoints: [SOURCE],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "silent",
  });
  return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Library;
}

beforeAll(async () => void ([here, there] = await Promise.all([copy("here"), copy("there")])));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quiet = { logger: { debug() {}, info() {}, warn() {}, error() {} } };

describe("two copies of the library", () => {
  test("are two: no class of the one is one of the other", () => {
    expect(here.Bus).not.toBe(there.Bus);
    expect(new here.BusClosedError()).not.toBeInstanceOf(there.BusClosedError);
  });

  test("read each other's events: a bus of one takes, routes and keeps those of the other", async () => {
    const Placed = class extends there.Event("copy.placed", { key: ({ id }: { id: string }) => id })<{
      id: string;
    }> {};
    const bus = here.createBus(quiet);
    const seen: unknown[] = [];
    bus.on(Placed, { name: "good" }, (event, { key }) => void seen.push(event, key));
    bus.on(Placed, { name: "bad" }, () => Promise.reject(new Error("no")));
    await bus.start();
    const event = new Placed({ id: "o-1" });
    const receipt = await bus.publish(event);
    expect(await receipt.settled()).toMatchObject({ done: 1, deadLettered: 1 });
    expect(seen).toEqual([event, "o-1"]);
    expect((await bus.deadLetters.list({ events: Placed }))[0]?.event).toBe(event);
    await bus.close();
  });

  test("read each other's marks: a subscriber that one has decorated is a subscriber of the other", async () => {
    const Placed = class extends here.Event("copy.placed")<{ n: number }> {};
    const seen: number[] = [];
    class Mails {
      send({ n }: { n: number }): void {
        seen.push(n);
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Mails.prototype, "send")!;
    (there.On(Placed) as MethodDecorator)(Mails.prototype, "send", descriptor);
    (there.Subscriber({ name: "mails" }) as ClassDecorator)(Mails);
    const bus = here.createBus({ ...quiet, subscribers: [Mails] });
    await bus.start();
    const receipt = await bus.publish(new Placed({ n: 7 }));
    expect(receipt.accepted).toEqual(["mails.send"]);
    await receipt.settled();
    expect(seen).toEqual([7]);
    await bus.close();
  });

  test.each(["retry", "deadLetter", "drop", "done"] as const)(
    "understand each other's outcomes: %s",
    async (kind) => {
      const Placed = class extends here.Event("copy.placed")<{ n: number }> {};
      const answers = {
        retry: () => there.retry({ after: 0, reason: "again" }),
        deadLetter: () => there.deadLetter("odd"),
        drop: () => there.drop("useless"),
        done: () => there.done(),
      };
      const bus = here.createBus(quiet);
      bus.on(Placed, { retry: 2 }, (_, { attempt }) => (attempt === 1 ? answers[kind]() : undefined));
      let retries = 0;
      bus.notices.on("delivery.retried", () => retries++);
      await bus.start();
      const tally = await (await bus.publish(new Placed({ n: 1 }))).settled();
      expect([tally.done, tally.deadLettered, tally.dropped, retries]).toEqual(
        { retry: [1, 0, 0, 1], deadLetter: [0, 1, 0, 0], drop: [0, 0, 1, 0], done: [1, 0, 0, 0] }[kind],
      );
      await bus.close();
    },
  );

  test("do not know each other's deliveries: what is published inside one is outside of the other", async () => {
    const Placed = class extends here.Event("copy.placed")<{ n: number }> {};
    const [one, other] = [here.createBus(quiet), there.createBus(quiet)];
    const facts: unknown[] = [];
    one.on(Placed, async (event) => void (await other.publish(event)));
    other.on(Placed, (_, { cause }) => void facts.push(cause));
    await Promise.all([one.start(), other.start()]);
    expect(await (await one.publish(new Placed({ n: 1 }))).settled()).toMatchObject({ done: 1 });
    await other.idle();
    expect(facts).toEqual([undefined]);
    await Promise.all([one.close(), other.close()]);
  });

  test("are told apart at start(), where a class asks for the bus of the other", async () => {
    class Orders {
      constructor(readonly bus: unknown) {}
      handle(): void {}
    }
    const Placed = class extends here.Event("copy.placed")<{ n: number }> {};
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, "handle")!;
    (here.On(Placed) as MethodDecorator)(Orders.prototype, "handle", descriptor);
    (here.Subscriber({ inject: [there.Bus] as never }) as ClassDecorator)(Orders);
    const bus = here.createBus({ ...quiet, subscribers: [Orders] as never });
    await expect(bus.start()).rejects.toMatchObject({
      code: "SIGNALBOX_START",
      faults: [expect.stringMatching(/^Orders → \w*Bus: it has a constructor parameter/)],
    });
  });
});
