/** Signalbox: typed events reach decorated subscribers through bounded lanes. The front door, as a tour. */

// Every day: an event class, a bus, a receipt.
export { Event } from "./event/event.js";
export { Bus, createBus } from "./bus.js";
export { closeOnSignal } from "./dispatch/close-on-signal.js";
export type { AnyEvent, DataOf, EventClass, EventOf, EventOptions, Events, NameOf } from "./event/event.js";
export type { ParsedEvent, Refused, Register, TypedEvent } from "./event/event.js";
export type { Envelope, EventHeaders, Priority, Sealed } from "./event/envelope.js";
export type { BusOptions } from "./dispatch/bus-options.js";
export type { Publish, PublishOptions, Receipt, Receipts, Tally, Transaction } from "./delivery/receipt.js";
export type { NotHandled } from "./delivery/receipt.js";
export type { CloseReport } from "./dispatch/closing.js";
export type { TransactionOptions, TransactionScope } from "./dispatch/transactions.js";
export type { DelayedEvents } from "./dispatch/delayed-events.js";
export type { Delayed } from "./dispatch/later.js";
export type { Undo } from "./dispatch/undo.js";

// Subscribing: decorators, the delivery, outcomes, policies.
export { On } from "./subscriber/on.js";
export { OnBatch } from "./subscriber/on-batch.js";
export { Subscriber } from "./subscriber/subscriber.js";
export { Delivery } from "./delivery/delivery.js";
export { deadLetter, done, drop, retry } from "./delivery/outcome.js";
export { Clock } from "./runtime/clock.js";
export type { ClassMark, InjectCheck } from "./subscriber/subscriber.js";
export type { BatchMark, BatchResult } from "./subscriber/batch-mark.js";
export type { MethodMark } from "./subscriber/method-mark.js";
export type { SubscriberClass, SubscriberOptions } from "./subscriber/subscriber-options.js";
export type { Handler, HandlerResult } from "./delivery/delivery.js";
export type { Outcome } from "./delivery/outcome.js";
export type { BatchOptions, DebounceOptions } from "./delivery/policies.js";
export type { DedupeOptions, LaneName, LaneOptions, Overflow } from "./delivery/policies.js";
export type { Policies, RetryOptions, SubscriptionOptions } from "./delivery/policies.js";
export type { StreamOptions } from "./dispatch/stream.js";
export type { Duration } from "./runtime/duration.js";

// Tasks: work with one handler and a result.
export { Task } from "./task/task.js";
export { Handles } from "./task/handles.js";
export { TaskDelivery } from "./task/task-delivery.js";
export type { AnyTask, Work } from "./event/event.js";
export type { Answer, ParsedTask, ResultOf, TaskClass, TaskHandler, TaskOf, TypedTask } from "./task/task.js";
export type { TaskMark } from "./task/handles.js";
export type { Replacement } from "./task/task-delivery.js";
export type { Progress, TaskHandle } from "./task/task-handle.js";
export type { Results } from "./dispatch/runs.js";
// Time: schedules.
export { Cron } from "./task/cron.js";
export { Every } from "./task/every.js";
export { Tick } from "./task/tick.js";
export type { TickMark } from "./task/tick-mark.js";
export type {
  CronExpression,
  RunOutcome,
  Schedule,
  ScheduleOptions,
  ScheduleRun,
  TickOptions,
} from "./delivery/schedule.js";
export type { When } from "./delivery/schedule.js";

// Watching: lanes, dead letters, notices, descriptions.
export type { Lane } from "./lane/lane.js";
export type { Percentiles } from "./lane/histogram.js";
export type { Attempt, DeadLetter } from "./ledger/dead-letter-box.js";
export type { DeadLetterFilter, DeadLetters } from "./dispatch/dead-letters.js";
export type { Description, LaneDescription, SubscriptionDescription } from "./dispatch/description.js";
export type { Health } from "./dispatch/health.js";
export type { JournalEntry } from "./ledger/journal.js";
export type { SubscriptionEntry, Subscriptions } from "./dispatch/subscriptions.js";
export type { PatternCheck, Tapped } from "./dispatch/tapped.js";
export type { DeliveryNotice, EventNotice, LaneNotice, TransportNotice } from "./delivery/notice.js";
export type { Logger, NoticeMap, Notices, ScheduleNotice } from "./delivery/notice.js";

// Extending: containers, steps, transports, the wire.
export { plain } from "./container/plain.js";
export { memory } from "./transport/memory.js";
export { decode, encode } from "./event/cloudevents.js";
export { amqp, fromHeaders, http, nats, toHeaders } from "./event/cloudevents-headers.js";
export type { Container, Scope, Token } from "./container/container.js";
export type { Step } from "./delivery/step.js";
export type { Binding, HeadersForm } from "./event/cloudevents-headers.js";
export type { AttemptRecord, Features, Group, Item, Settlement, Sink } from "./transport/transport.js";
export type { Store, Transport, TransportTransaction, WireEnvelope } from "./transport/transport.js";

// Errors: docs/errors.md has a section for each code.
export { BusClosedError, CascadeOverflowError, EnvelopeError, HandlerTimeoutError } from "./errors.js";
export { DeliveryLostError, InvalidEventError, InvokeDepthError, LaneFullError } from "./errors.js";
export { CauseDepthError, DelayedFullError, EventExpiredError, PublishDepthError } from "./errors.js";
export { NewerVersionError, NextTwiceError, NotStartedError, PartlyAcceptedError } from "./errors.js";
export { SelfWaitError, SettledElsewhereError, SignalboxError, StartError } from "./errors.js";
export { InvalidResultError, ReplaceDepthError, TaskCancelledError } from "./errors.js";
export { GroupFailedError, TaskFailedError, UnhandledTaskError } from "./errors.js";
export type { FailedAttempt } from "./errors.js";
export { ThrownValueError, UnhandledEventError, UnknownEventError } from "./errors.js";
