/** The fake transport keeps the contract while no fault is asked for, in a lane and as a store. */
import { describe } from "vitest";
import { fakeTransport } from "signalbox/testing";
import { contractCases } from "signalbox/testing/contract";
import { keepsContract } from "./keeps-contract.js";

describe.each(["lane", "store"] as const)("the fake transport, with the queue in a %s", (holds) => {
  const fake = () => fakeTransport({ features: { holds } });
  const features = { ...fake().features, time: "virtual", flood: 20_000 } as const;
  const cases = contractCases("fake", ({ runtime }) => fake().runOn(runtime.host), features);
  keepsContract(cases);
});
