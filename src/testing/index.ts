/** The door `signalbox/testing`: the production bus under virtual time, and ways to say what must have happened. */
export { assert } from "./assert.js";
export { createTestBus } from "./test-bus.js";
export { deliveryOf } from "./delivery-of.js";
export { fakeTransport, InjectedFaultError } from "./fake/fake-transport.js";
export { rehearsal, rehearse } from "./fake/rehearsal.js";
export { explore } from "./simulate/explore.js";
export { provide } from "./provide.js";
export { survivesJson } from "./survives-json.js";
export { LoopError } from "./loop-guard.js";
export { StillRunningError } from "./still-running.js";
export type { Asserts } from "./assert.js";
export type { DeadLetteredFacts, HandledFacts, RetriedFacts } from "./checks.js";
export type { DeliveryByHand, DeliveryFacts } from "./delivery-of.js";
export type { Expected, ExpectedData } from "./expected.js";
export type { ClientCall, FakeBegun, FakeTransportOptions, Fault, Injected } from "./fake/fake-transport.js";
export type {
  Finding,
  Rehearsal,
  RehearsalOptions,
  RehearsalReport,
  RehearsalRun,
} from "./fake/rehearsal.js";
export type { Mode } from "./gate.js";
export type { Provided } from "./provide.js";
export type { Recorded } from "./recorded.js";
export type { Json, JsonCheck } from "./survives-json.js";
export type { Explored, ExploreOptions, World } from "./simulate/explore.js";
export type { TestBus } from "./test-bus.js";
export type { TestBusOptions } from "./test-bus-options.js";
export type { TestClock } from "./test-clock.js";
