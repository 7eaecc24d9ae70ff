/** What the types of tasks and of divided work accept and refuse, checked by tsc in both dialects: types.tc39.ts has it too. */
import * as v from "valibot";
import { z } from "zod";
import {
  type Answer,
  type Bus,
  deadLetter,
  Delivery,
  Event,
  Handles,
  On,
  type ResultOf,
  Subscriber,
  Task,
  TaskDelivery,
  type TaskHandle,
  type TaskOf,
  type Work,
} from "../../src/index.js";
import { chain, chord, chunks, group, map, type Settled } from "../../src/workflow/index.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_same: Same<A, B>): void => undefined;

export class Resize extends Task("image.resize", {
  input: z.object({ path: z.string(), at: z.coerce.date().default(new Date(0)) }),
  output: z.object({ thumb: z.string(), width: z.coerce.number() }),
}) {
  get isPng(): boolean {
    return this.path.endsWith(".png");
  }
}
export class Publish extends Task("image.publish")<{ thumb: string; width: number }, { url: string }> {}
export class Tidy extends Task("image.tidy")<{ path: string }> {}
export class Log extends Task("log", { input: v.object({ text: v.string() }) }) {}
export class Twin extends Task("image.twin")<{ path: string }> {}
export class Placed extends Event("order.placed")<{ path: string }> {}

export const task: Resize = new Resize({ path: "a" });
same<typeof task.at, Date>(true);
same<typeof Resize.taskName, "image.resize">(true);
same<ResultOf<Resize>, { thumb: string; width: number }>(true);
same<ResultOf<Tidy>, void>(true);
same<ResultOf<Log>, void>(true);
same<TaskOf<typeof Publish>, Publish>(true);
void task.isPng;
// @ts-expect-error a field is missing
new Resize({});
// @ts-expect-error another type
new Tidy({ path: 3 });
// @ts-expect-error frozen
task.path = "b";
// @ts-expect-error not a name
class Bad1 extends Task("image resize") {}
// @ts-expect-error not an object
class Bad2 extends Task("bad.two", { input: z.string() }) {}
// @ts-expect-error misspelt schema
class Bad3 extends Task("bad.three", { input: z.object({}), ouput: z.object({}) }) {}
void [Bad1, Bad2, Bad3];

@Subscriber({ lane: { concurrency: 2 } })
export class Images {
  @Handles(Resize, { retry: 3, when: (resize) => resize.path !== "", key: ({ path }) => path })
  async resize(resize: Resize, delivery: TaskDelivery): Promise<{ thumb: string; width: string }> {
    delivery.progress(1, 2, "half");
    await delivery.publish(new Placed({ path: resize.path }));
    return { thumb: resize.path, width: "12" };
  }
  @Handles(Publish)
  publish(publish: Publish, delivery: TaskDelivery<Publish>): Answer<{ url: string }, { url: string }> {
    if (publish.width < 0) return deadLetter("no width");
    return publish.width > 9
      ? { url: publish.thumb }
      : delivery.replace(chain(new Resize({ path: "x" }), Publish));
  }
  @Handles(Tidy)
  async tidy(_task: Tidy, _delivery: Delivery): Promise<void> {}
  @Handles(Log)
  log(): void {}
  @Handles(Twin)
  static twin(_task: { readonly path: string }): void {}
}

export class Refused {
  // @ts-expect-error another result
  @Handles(Publish)
  result(publish: Publish) {
    return { uri: publish.thumb };
  }
  // @ts-expect-error no result
  @Handles(Publish)
  none(_task: Publish): void {}
  // @ts-expect-error another task of the same shape
  @Handles(Twin)
  twin(_task: Tidy): void {}
  // @ts-expect-error work with another result in its place
  @Handles(Publish)
  replaced(_task: Publish, delivery: TaskDelivery) {
    return delivery.replace(new Tidy({ path: "a" }));
  }
  // @ts-expect-error the second parameter is the delivery
  @Handles(Tidy)
  second(_task: Tidy, _delivery: string): void {}
  // @ts-expect-error misspelt option
  @Handles(Tidy, { retyr: 3 })
  option(): void {}
  // @ts-expect-error an event is subscribed to
  @Handles(Placed)
  event(): void {}
  // @ts-expect-error a task is handled
  @On(Tidy)
  on(): void {}
  // @ts-expect-error a property is no method
  @Handles(Tidy)
  property = (_task: Tidy): void => undefined;
}

export async function work(bus: Bus): Promise<void> {
  const handle = await bus.run(new Resize({ path: "a.png" }), { priority: 7, delay: "1m" });
  same<typeof handle, TaskHandle<{ thumb: string; width: number }>>(true);
  for await (const step of handle.progress) step.done.toFixed();
  same<Awaited<ReturnType<typeof handle.result>>, { thumb: string; width: number }>(true);
  const kept = bus.results.get(handle.id, Publish);
  same<typeof kept, TaskHandle<{ url: string }> | undefined>(true);

  const chained = chain(new Resize({ path: "a" }), Publish, ({ url }) => new Tidy({ path: url }));
  same<typeof chained extends Work<infer R> ? R : 0, void>(true);
  const both = group([new Resize({ path: "a" }), chained, new Publish({ thumb: "t", width: 1 })]);
  same<ResultOf<typeof both>, [{ thumb: string; width: number }, void, { url: string }]>(true);
  const some = group([new Resize({ path: "a" })], { require: 1, finally: new Tidy({ path: "a" }) });
  same<ResultOf<typeof some>, [Settled<{ thumb: string; width: number }>]>(true);
  const any = group([new Tidy({ path: "a" })], { require: "any" });
  same<ResultOf<typeof any>, [Settled<void>]>(true);
  const joined = chord(map(Resize, [{ path: "a" }], { concurrency: 4 }), (all) => new Publish(all[0]!));
  const { url } = await (await bus.run(joined)).result();
  const parts = chunks(Resize, [{ path: "a" }], 10);
  same<ResultOf<typeof parts>, { thumb: string; width: number }[][]>(true);
  void [url, joined.describe("mermaid"), await handle.cancel("enough")];
  bus.handle(Publish, ({ thumb }) => ({ url: thumb }))();
  bus.handle(Publish, { retry: 3 }, async ({ thumb }, delivery) => {
    same<typeof delivery, TaskDelivery<Publish>>(true);
    return { url: thumb };
  });
  // @ts-expect-error Resize results in no url
  chain(new Resize({ path: "a" }), (result) => new Tidy({ path: result.url }));
  // @ts-expect-error Tidy takes { path }, Resize gives { thumb, width }
  chain(new Resize({ path: "a" }), Tidy);
  // @ts-expect-error another result
  bus.handle(Publish, () => ({ uri: "x" }));
  // @ts-expect-error an event is published, not run
  await bus.run(new Placed({ path: "a" }));
  // @ts-expect-error a task is run, not published
  await bus.publish(new Tidy({ path: "a" }));
  // @ts-expect-error the class instead of an instance
  await bus.run(Tidy);
  // @ts-expect-error inputs of another task
  map(Resize, [{ url: "a" }]);
  // @ts-expect-error misspelt option
  group([new Tidy({ path: "a" })], { requires: "any" });
  // @ts-expect-error an event is no work
  group([new Placed({ path: "a" })]);
  // @ts-expect-error an event is not handled
  bus.handle(Placed, () => undefined);
  // @ts-expect-error a task is not subscribed to
  bus.on(Tidy, () => undefined);
}
