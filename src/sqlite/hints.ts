/** Tells the other buses of this process that a database has something new; processes find out by looking. */
import { channel } from "node:diagnostics_channel";

export interface Hints {
  /** Tells the others. */
  give(): void;
  close(): void;
}

/* Node's own table of channels, so that two buses of a process need not know each other. */
export function hintsOf(file: string, prefix: string, hear: () => void): Hints {
  const shared = channel(`signalbox:sqlite:${prefix}:${file}`);
  const own = {};
  const listener = (from: unknown): void => {
    if (from !== own) hear();
  };
  shared.subscribe(listener);
  return {
    give: () => shared.publish(own),
    close: () => {
      shared.unsubscribe(listener);
    },
  };
}
