// What a result costs beside an event that is settled, and a group beside as many single tasks.
const name = "tasks, 10,000 at once";
const candidates = ["events", "tasks", "group"].map((variant) => ({ module: "task-peer.mjs", variant }));

export default {
  name,
  about:
    "10,000 events published and `settled()` awaited for each; as many tasks run and `result()` awaited for each; as many in one group, and its result awaited.",
  ability: "together",
  count: 10_000,
  candidates,
  quick: { candidates },
  targets: [
    {
      name: "run and result of a task, against a settled event",
      atMost: 1.5,
      value: (of) => of(name, "tasks, with results") / of(name, "events, settled"),
    },
    {
      name: "a group of 10,000, against as many single tasks",
      atMost: 2,
      value: (of) => of(name, "a group of tasks") / of(name, "tasks, with results"),
    },
  ],
};
