// Work with a result, beside events: one bus each, ten slots.
import { createBus, Event, Task } from "../../dist/index.js";
import { group } from "../../dist/workflow/index.js";

class Placed extends Event("bench.placed") {}
class Work extends Task("bench.work") {}

const lane = { concurrency: 10, capacity: 2_000_000 };

async function events({ handler }) {
  const bus = createBus({ defaults: { lane } });
  bus.on(Placed, (event) => handler.handle(event));
  await bus.start();
  return async (placed) => {
    const receipts = await Promise.all(placed.map((event) => bus.publish(event)));
    await Promise.all(receipts.map((receipt) => receipt.settled()));
  };
}

async function taskBus(handler) {
  const bus = createBus({ defaults: { lane }, results: { max: 10_000 } });
  bus.handle(Work, (work) => handler.handle(work));
  await bus.start();
  return bus;
}

async function tasks({ handler }) {
  const bus = await taskBus(handler);
  return async (works) => {
    const handles = await Promise.all(works.map((work) => bus.run(work)));
    await Promise.all(handles.map((handle) => handle.result()));
  };
}

async function grouped({ handler }) {
  const bus = await taskBus(handler);
  return async (works) => {
    const handle = await bus.run(group(works));
    await handle.result();
  };
}

export const variants = {
  events: { name: "events, settled", together: events, eventOf: (data) => new Placed(data) },
  tasks: { name: "tasks, with results", together: tasks, eventOf: (data) => new Work(data) },
  group: { name: "a group of tasks", together: grouped, eventOf: (data) => new Work(data) },
};
