// The same burst from inside an application's AsyncLocalStorage, so that there is a context to carry.
export default {
  name: "10,000 waiting, in a request",
  about: "The same inside an `AsyncLocalStorage` of the application, so that there is a context to carry.",
  ability: "queue",
  count: 10_000,
  peers: ["raw-loop", "signalbox", "signalbox-lean", "p-queue", "fastq"],
  async around(run) {
    // Imported here, so that it never reaches the process of the raw loop.
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const storage = new AsyncLocalStorage();
    return (events) => storage.run({ request: 1 }, run, events);
  },
};
