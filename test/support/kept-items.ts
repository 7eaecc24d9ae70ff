/** An event, a group and envelopes of tests, and a transport that was opened and whose items are kept. */
import { Event, type Group, type Item, type Sink, type Transport, type WireEnvelope } from "signalbox";
import { onTestFinished } from "vitest";

export class Noted extends Event("noted", { key: ({ key }: { key?: string }) => key })<{
  id: string;
  key?: string;
  body?: string;
}> {}

export interface Opened<T extends Transport> {
  readonly transport: T;
  readonly items: Item[];
  readonly lost: string[];
  readonly states: string[];
}

export const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {}

export async function opened<T extends Transport>(transport: T): Promise<Opened<T>> {
  const items: Item[] = [];
  const lost: string[] = [];
  const states: string[] = [];
  const sink: Sink = {
    deliver: (item) => void items.push(item),
    lost: (_, reason) => void lost.push(reason),
    changed: (state, error) => void states.push(error === undefined ? state : `${state}: ${error.message}`),
  };
  await transport.open(sink);
  onTestFinished(() => transport.close());
  return { transport, items, lost, states };
}

export function group(name: string, others: Partial<Group> = {}): Group {
  return { name, events: ["noted"], order: "none", audience: "one", start: "now", inboxMs: 0, ...others };
}

export function wire(id: string, others: Partial<WireEnvelope> = {}): WireEnvelope {
  const headers = { "ce-specversion": "1.0", "ce-id": id, "ce-source": "/test", "ce-type": "noted" };
  const body = new TextEncoder().encode(JSON.stringify({ id }));
  const facts = { id, name: "noted", key: undefined, priority: 3, dueAt: undefined, expiresAt: undefined };
  return { ...facts, headers: { ...headers, "content-type": "application/json" }, body, ...others };
}

export function idOf({ envelope }: Item): string {
  return "id" in envelope ? envelope.id : `undecodable: ${envelope.error.message}`;
}

/** Resolves when it is so; the test's own timeout ends what never comes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 2));
}
