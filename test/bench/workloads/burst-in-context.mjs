// The same burst from inside an application's AsyncLocalStorage, so that there is a context to carry.
export default {
  name: "10,000 waiting, in a request",
  ability: "queue",
  count: 10_000,
  async around(run) {
    // Imported here, so that it never reaches the process of the raw loop.
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const storage = new AsyncLocalStorage();
    return (events) => storage.run({ request: 1 }, run, events);
  },
};
