/** Where a run stands: the delivery that it was started in, the run that it is a part of. */
import type { Tree } from "../ledger/tree.js";
import type { Frame } from "../runtime/context.js";
import type { Origin } from "../task/work.js";
import type { Run } from "./run.js";

export interface RunOrigin extends Origin {
  readonly frame: Frame | undefined;
  readonly parent: Run | undefined;
  /** Of the delivery in which the whole was started, which may be final by now. */
  readonly tree: Tree | undefined;
  /** A part of something that has been accepted: a bus that is closing takes it still. */
  readonly isOwed: boolean;
}

const NOBODY: readonly string[] = Object.freeze([]);

const NOWHERE = origin(undefined);

/** Of what somebody runs from a frame, or from nowhere. */
export function originIn(frame: Frame | undefined): RunOrigin {
  return frame === undefined ? NOWHERE : origin(frame);
}

function origin(frame: Frame | undefined): RunOrigin {
  return { frame, parent: undefined, tree: undefined, isOwed: false, replaced: NOBODY };
}
