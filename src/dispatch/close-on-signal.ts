/** Closes a bus when the process is asked to end; only where an application asks for it. */
import { type Duration, toMs } from "../runtime/duration.js";
import { type Undo, undoOf } from "./undo.js";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/* In the registry of symbols, so that the listeners of two copies of the library see each other. */
const CLOSES: unique symbol = Symbol.for("signalbox.closes-on-signal") as never;

/** What can be closed with a deadline. */
interface Closable {
  close(options?: { deadline?: Duration | undefined }): Promise<unknown>;
}

/**
 * The first SIGTERM or SIGINT closes the bus with the deadline; when it has closed, the signal is raised again, so that
 * the process ends as it would have. A second signal ends it at once. Of several buses the last to close raises the
 * signal. The undo takes the listeners away. The deadline defaults to 25 s.
 */
export function closeOnSignal(bus: Closable, options: { deadline?: Duration | undefined } = {}): Undo {
  toMs(options.deadline ?? "25s", "deadline"); // a wrong one must not be found at the end
  let count = 0;
  const closes = (signal: NodeJS.Signals): void => {
    if (++count > 1) return end(signal, true);
    const closed = (): void => end(signal, false);
    void bus.close(options).then(closed, closed);
  };
  const listener = Object.assign(closes, { [CLOSES]: true });
  const end = (signal: NodeJS.Signals, isForced: boolean): void => {
    undo();
    if (isForced || !isAwaited(signal)) process.kill(process.pid, signal);
  };
  const undo = undoOf(() => {
    for (const signal of SIGNALS) process.off(signal, listener);
  });
  for (const signal of SIGNALS) process.on(signal, listener);
  return undo;
}

/* Another bus is still closing, and will raise the signal when it has. */
function isAwaited(signal: NodeJS.Signals): boolean {
  return process.listeners(signal).some((each) => CLOSES in each);
}
