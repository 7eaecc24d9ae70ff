/** The ports of a bus whose stores keep what waits, what is due later, and what was given up. */
import { BusClosedError, NotStartedError } from "../errors.js";
import type { Store } from "../transport/transport.js";
import type { PortCarriage } from "./port-carriage.js";

export interface StoredPort {
  readonly port: PortCarriage;
  readonly store: Store;
}

/** Those that are open; throws where one is not, since a list that lacks it would be taken for the whole. */
export type OpenStores = (call: string) => readonly StoredPort[];

export function openStoresOf(ports: readonly PortCarriage[], isClosed: () => boolean): OpenStores {
  const stored = ports.flatMap((port) => {
    const { store } = port.transport;
    return store === undefined || !port.isStore ? [] : [{ port, store }];
  });
  return (call) => {
    if (stored.every(({ port }) => port.isOpen)) return stored;
    throw isClosed() ? new BusClosedError() : new NotStartedError(`${call} came before start()`);
  };
}
