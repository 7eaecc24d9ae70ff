// For scale: one synchronous handler called at once. Signalbox does not compete here.
export default {
  name: "emit",
  about:
    "One synchronous handler that adds a number of the event to a sum. Emitters call it at once, nothing is awaited. emittery and hookable promise, so each call is awaited. Signalbox has no synchronous emit: its rows are `await bus.invoke(event)`.",
  ability: "emit",
  count: 1_000,
  handler: () => ({
    sum: 0,
    handle(event) {
      this.sum += event.total;
    },
  }),
};
