/** The transports of the house keep the contract. */
import { describe } from "vitest";
import { memory, type Transport } from "signalbox";
import { contractCases, type ContractFeatures, type TransportFactory } from "signalbox/testing/contract";
import { delegating } from "./delegating.js";
import { keepsContract } from "./keeps-contract.js";
import { ShelfTransport } from "./shelf.js";

const virtual = { ...memory().features, time: "virtual" } as const;
const subjects: readonly (readonly [name: string, create: TransportFactory, features: ContractFeatures])[] = [
  ["memory", () => memory(), virtual],
  ["memory under real time", () => memory(), { ...virtual, time: "real", flood: 20_000 }],
  ["memory through its port", () => delegating(memory()), virtual],
  ["a store", (place) => new ShelfTransport(place), { ...shelfFeatures(), time: "virtual", flood: 20_000 }],
];

function shelfFeatures(): Transport["features"] {
  return new ShelfTransport(undefined as never).features;
}

describe.each(subjects)("%s", (name, create, features) => {
  keepsContract(contractCases(name, create, features));
});
