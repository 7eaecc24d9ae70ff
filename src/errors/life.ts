/** What the state of a bus does not allow, and waits that cannot end. */
import { nameErrors, SignalboxError } from "./base.js";

/** A bus that is closed, or closing, was asked for something. */
export class BusClosedError extends SignalboxError {
  constructor(options?: ErrorOptions) {
    const does = "A closed bus is final: make another one with createBus().";
    super("SIGNALBOX_BUS_CLOSED", `The bus is closed. ${does}`, options);
  }
}

/** A bus that has not started was asked for more than it can hold. */
export class NotStartedError extends SignalboxError {
  /** `problem` is a sentence without its full stop, such as "invoke() came before start()". */
  constructor(problem: string) {
    super("SIGNALBOX_NOT_STARTED", `${problem}. Await bus.start() first.`);
  }
}

/** All faults that `start()` found; nothing was started. */
export class StartError extends SignalboxError {
  readonly faults: readonly string[];
  constructor(faults: readonly string[], options?: ErrorOptions) {
    const says = `The bus cannot start:\n${faults.map((fault) => `  - ${fault}`).join("\n")}\n`;
    super("SIGNALBOX_START", `${says}Nothing was started. Correct all of the above.`, options);
    this.faults = faults;
  }
}

/** A delivery, or a transaction, was about to wait for itself. */
export class SelfWaitError extends SignalboxError {
  /** `call` is what was called, such as "receipt.settled()". */
  constructor(call: string, inside: "delivery" | "transaction" = "delivery") {
    const does =
      inside === "delivery"
        ? "Do not await it in a handler: return, and let another subscription go on."
        : "Await it when the transaction has ended.";
    super("SIGNALBOX_SELF_WAIT", `${call} inside a ${inside} would wait for that ${inside} itself. ${does}`);
  }
}

/** The store of the transport holds the queue, so this process cannot know when an event is settled. */
export class SettledElsewhereError extends SignalboxError {
  readonly transport: string;
  constructor(transport: string) {
    const says = `Transport ${transport} keeps the queue in its store, so that its events may be handled elsewhere.`;
    const does = "Let the handler publish an event when the work is done, and subscribe to that.";
    super("SIGNALBOX_SETTLED_ELSEWHERE", `${says} ${does}`);
    this.transport = transport;
  }
}

nameErrors({
  BusClosedError,
  NotStartedError,
  StartError,
  SelfWaitError,
  SettledElsewhereError,
});
