/** Closes a bus when the process is asked to end; only where an application asks for it. */
import type { Duration } from "../runtime/duration.js";
import { type Undo, undoOf } from "./undo.js";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** What can be closed with a deadline. */
interface Closable {
  close(options?: { deadline?: Duration | undefined }): Promise<unknown>;
}

/**
 * The first SIGTERM or SIGINT closes the bus with the deadline; when it has closed, the signal is raised again, so that
 * the process ends as it would have. A second signal ends it at once. The undo takes the listeners away.
 */
export function closeOnSignal(bus: Closable, options: { deadline?: Duration | undefined } = {}): Undo {
  let count = 0;
  const listener = (signal: NodeJS.Signals): void => {
    if (++count > 1) return end(signal);
    void bus.close(options).finally(() => end(signal));
  };
  const end = (signal: NodeJS.Signals): void => {
    undo();
    process.kill(process.pid, signal);
  };
  const undo = undoOf(() => {
    for (const signal of SIGNALS) process.off(signal, listener);
  });
  for (const signal of SIGNALS) process.on(signal, listener);
  return undo;
}
