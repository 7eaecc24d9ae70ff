/** The fake transport as a subject of the contract: a store within the process, whose connection can be taken away. */
import { fakeTransport } from "signalbox/testing";
import type { ContractFeatures, Place, TransportFactory } from "signalbox/testing/contract";

const STORE = { features: { holds: "store" } } as const;

/* The last of each place. */
const fakes = new WeakMap<Place["runtime"], ReturnType<typeof fakeTransport>>();

export const create: TransportFactory = ({ runtime }) => {
  const fake = fakeTransport(STORE).runOn(runtime.host);
  fakes.set(runtime, fake);
  return fake;
};

export const features: ContractFeatures = {
  ...fakeTransport(STORE).features,
  time: "virtual",
  refuse: {
    send: ({ runtime }) => {
      const fake = fakes.get(runtime)!;
      fake.disconnect("1h");
      return () => fake.reconnect();
    },
  },
};
