/** The package `pg`, which an application installs for itself. */
import { createBus } from "signalbox";
import { postgres } from "signalbox/postgres";
import { expect, test, vi } from "vitest";

vi.mock("pg", () => {
  throw new Error("there is no such package");
});

test("a start without the package pg says how to install it", async () => {
  const bus = createBus({ transport: postgres({ url: "postgres://nobody@127.0.0.1:1/nowhere" }) });
  await expect(bus.start()).rejects.toThrow(
    /package pg could not be loaded \(.*\)\. Install it: npm install pg/,
  );
});
