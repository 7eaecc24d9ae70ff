/** By itself: a test bus that another test has left open watches the process, too. */
import { readFile } from "node:fs/promises";

import { Event, On } from "signalbox";
import { createTestBus } from "signalbox/testing";
import { expect, it } from "vitest";

import { unlistedWork } from "../../src/runtime/event-loop.js";

class Placed extends Event("shop.placed")<{ id: string }> {}

it("a test bus whose start fails leaves nothing that watches the process", async () => {
  const broken = {
    resolve: () => {
      throw new Error("no such token");
    },
    provide: () => {},
  };
  class Log {
    @On(Placed) write() {}
  }
  await expect(createTestBus({ subscribers: [Log], container: broken })).rejects.toThrow("no such token");
  const reading = readFile(import.meta.filename);
  expect(unlistedWork().size).toBe(0);
  await reading;
});
