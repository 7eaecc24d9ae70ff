/** A remote store as a subject, with all hooks; one server for each place. */
import type { Transport } from "signalbox";
import type { ContractFeatures, Place, Refusable, TransportFactory } from "signalbox/testing/contract";
import { Remote } from "./remote.js";
import { Server } from "./remote-server.js";

export interface Make {
  readonly client?: new (place: Place, server: Server) => Remote;
  readonly server?: new (place: Place) => Server;
  /** Closes what it was lent. */
  readonly closesLent?: boolean;
}

export function remoteSubject({ client = Remote, server = Server, closesLent = false }: Make = {}): readonly [
  TransportFactory,
  ContractFeatures,
] {
  const servers = new Map<string, Server>();
  const of = (place: Place): Server => {
    const made = servers.get(place.id) ?? new server(place);
    servers.set(place.id, made);
    return made;
  };
  const refuse = (what: Refusable) => (place: Place) => {
    of(place).refused.add(what);
    return () => void of(place).refused.delete(what);
  };
  const lend = (place: Place) => {
    let isOpen = true;
    const transport: Transport = new client(place, of(place));
    const { close } = transport;
    if (closesLent) transport.close = () => ((isOpen = false), close.call(transport));
    return { transport, isOpen: () => isOpen, close: () => undefined };
  };
  const features: ContractFeatures = {
    ...new client({ id: "-", runtime: { host: { idPrefix: () => "-" } } } as never, undefined as never)
      .features,
    time: "virtual",
    network: true,
    flood: 1_000,
    guardMs: 5_000,
    begin: (place) => of(place).begin(),
    refuse: {
      send: refuse("send"),
      extension: refuse("extension"),
      settlement: refuse("settlement"),
      deadLetter: refuse("deadLetter"),
    },
    corrupt: (place, id) => of(place).corrupt(id),
    lend,
    link: (place) => of(place).wire,
    attempts: (place) => of(place).wire.attempts,
    loseAnswer: (place, text) => void (of(place).wire.losing = text),
    killServer: (place) => () => of(place).kill(),
    losePower: (place) => () => of(place).kill(),
    loseGroups: (place) => of(place).groups.clear(),
    revoke: (place) => {
      of(place).mayWrite = false;
      return () => void (of(place).mayWrite = true);
    },
    killNotifier: (place) => of(place).hints.clear(),
  };
  return [(place) => new client(place, of(place)), features];
}
