import { expect, test } from "vitest";
import { z } from "zod";
import { createBus, Handles, Task, type TaskDelivery, TaskFailedError } from "../../src/index.js";

class Resize extends Task("image.resize", {
  input: z.object({ path: z.string() }),
  output: z.object({ thumb: z.string(), width: z.coerce.number() }),
}) {}
class Fails extends Task("fails")<{ n: number }, number> {}
class Images {
  @Handles(Resize)
  async resize(task: Resize, delivery: TaskDelivery) {
    delivery.progress(1, 2, "half");
    return { thumb: task.path, width: "12" };
  }
  @Handles(Fails, { retry: { attempts: 2, delay: 1 } })
  fails(task: Fails): number {
    throw new Error(`no ${task.n}`);
  }
}
test("smoke", async () => {
  await using bus = createBus({ subscribers: [Images], logger: { debug() {}, info() {}, warn() {}, error() {} } });
  await bus.start();
  const handle = await bus.run(new Resize({ path: "a" }));
  expect(await handle.result()).toEqual({ thumb: "a", width: 12 });
  expect(handle.state).toBe("done");
  expect(await bus.results.get(handle.id, Resize)?.result()).toEqual({ thumb: "a", width: 12 });
  const bad = await bus.run(new Fails({ n: 1 }));
  const error = await bad.result().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(TaskFailedError);
  expect((error as TaskFailedError).attempts).toHaveLength(2);
});
