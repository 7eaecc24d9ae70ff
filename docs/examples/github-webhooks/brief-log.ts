// The bus's log in short, for a demo's screen: the first line about each subscription, without stacks.
// Everything about a dead letter is in the dead letter (repair.ts). An application passes pino here, or nothing.
import type { Logger } from "signalbox";

export function briefLog(log: (line: string) => void): Logger {
  const told = new Set<string>();
  const tell = (facts: { subscription?: string }, message: string) => {
    const about = facts.subscription ?? message;
    if (!told.has(about)) log(`log: ${message}`);
    told.add(about);
  };
  return { debug: () => {}, info: () => {}, warn: tell, error: tell };
}
