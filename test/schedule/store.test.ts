/** Schedules that several processes have, and a store keeps. */
import { expect, test } from "vitest";
import { processes } from "./store-setup.js";
import { MINUTE } from "./setup.js";

test("each time has one run, whichever of the processes it is in", async () => {
  const { time, ran, started } = processes();
  for (const name of ["a", "b", "c"]) await started(name, "* * * * *");
  await time.advance(5 * MINUTE);
  expect(ran).toEqual(["00:01", "00:02", "00:03", "00:04", "00:05"]);
});
