/** The transports of a test bus: what leaves the process in production stays in it here, on the test's clock. */
import type { BusOptions, Transport } from "../index.js";
import type { Host } from "../runtime/host.js";
import { FakeTransport, fakeTransport } from "./fake/fake-transport.js";

/** The application's transports by their names, each that keeps anything replaced by a fake with its features. */
export function transportsFor(
  options: BusOptions,
  host: Host,
  client: unknown,
): Readonly<Record<string, Transport>> {
  const { transport, transports = transport === undefined ? {} : { default: transport } } = options;
  return Object.fromEntries(
    Object.entries(transports).map(([name, each]) => [name, inProcess(each, host, client)] as const),
  );
}

/* What survives nothing is in the process already: memory, or one that a test has made. */
function inProcess(transport: Transport, host: Host, client: unknown): Transport {
  if (transport instanceof FakeTransport) return transport.runOn(host);
  if (transport.features.survives === "nothing") return transport;
  return fakeTransport({ features: fakeable(transport), client }).runOn(host);
}

/* A fake fences, takes part only in transactions that it begins itself, and its store knows no priorities. */
function fakeable(transport: Transport): Transport["features"] {
  const { features } = transport;
  const isStore = features.holds === "store";
  const priorities = isStore ? 1 : features.priorities;
  return { ...features, fenced: true, transactions: isStore && transport.begin !== undefined, priorities };
}
