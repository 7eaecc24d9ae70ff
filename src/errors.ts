/** Every error class of Signalbox, from one place; docs/errors.md has a section for each code. */
export { SignalboxError } from "./errors/base.js";
export {
  InvalidEventError,
  NewerVersionError,
  UnknownEventError,
  EnvelopeError,
  UnhandledEventError,
} from "./errors/events.js";
export {
  LaneFullError,
  CascadeOverflowError,
  PartlyAcceptedError,
  DelayedFullError,
  PublishDepthError,
  InvokeDepthError,
} from "./errors/publishing.js";
export {
  BusClosedError,
  NotStartedError,
  StartError,
  SelfWaitError,
  SettledElsewhereError,
} from "./errors/life.js";
export {
  EventExpiredError,
  HandlerTimeoutError,
  DeliveryLostError,
  CauseDepthError,
  NextTwiceError,
} from "./errors/deliveries.js";
export {
  GroupFailedError,
  InvalidResultError,
  ReplaceDepthError,
  TaskCancelledError,
  TaskFailedError,
  UnhandledTaskError,
} from "./errors/tasks.js";
export type { FailedAttempt } from "./errors/tasks.js";
export { ThrownValueError, toError } from "./errors/thrown.js";
