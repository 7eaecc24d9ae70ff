/**
 * The async context: one AsyncLocalStorage for the process, whose frames carry their bus. (One per bus made every await
 * of the process slower with each bus that had ever lived.)
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** What the engine leaves in the async context; each kind of frame knows the bus that it belongs to. */
export interface Frame {
  readonly bus: object;
  /** The frame around this one. */
  readonly outer?: Frame | undefined;
}

const frames = new AsyncLocalStorage<Frame | undefined>();
/* Nothing has to be destroyed: without this, each would be watched by the garbage collector. */
const KEPT = { requireManualDestroy: true } as const;
const neutral = new AsyncResource("signalbox.neutral");

/** The frame that this code runs in. */
export function currentFrame(): Frame | undefined {
  return frames.getStore();
}

/** Runs with the frame, and leaves the caller's context as it was. */
export function withFrame<T>(frame: Frame | undefined, run: () => T): T {
  return frames.run(frame, run);
}

/** Runs in the context of no caller at all: what is started here inherits nobody's. */
export function withoutContext<T>(run: () => T): T {
  return neutral.runInAsyncScope(run);
}

/** The async context of a caller, to run a handler in later. */
export class CallerContext extends AsyncResource {
  constructor() {
    super("signalbox.publish", KEPT);
  }

  /** Calls `start(subject)` in the caller's context with the frame in it. */
  run<S, T>(frame: Frame, start: (subject: S) => T, subject: S): T {
    const scope = keepsEntered() ? this.runInAsyncScope(copied) : this;
    return scope.runInAsyncScope(entered, undefined, frame, start, subject) as T;
  }
}

/* enterWith ends with the scope of the resource; `run` would save and restore once more, at twice the price. */
function entered(frame: Frame, start: (subject: unknown) => unknown, subject: unknown): unknown {
  frames.enterWith(frame);
  return start(subject);
}

function copied(): AsyncResource {
  return new AsyncResource("signalbox.delivery", KEPT);
}

/*
 * Before Node 24, what is entered stays on the resource that it was entered in: the next handler of the same publish
 * would find what the first has left behind, so that each needs a resource of its own there.
 */
let keeps: boolean | undefined;

/* Asked at the first publish with a context: on such a Node, whoever enters anything makes each await dearer. */
function keepsEntered(): boolean {
  return (keeps ??= probed());
}

function probed(): boolean {
  const probe = new AsyncResource("signalbox.probe", KEPT);
  probe.runInAsyncScope(() => frames.enterWith({ bus: probe }));
  return probe.runInAsyncScope(currentFrame) !== undefined;
}
