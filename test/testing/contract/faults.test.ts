/** The contract can fail: each planted fault is found by the case that is about it. */
import { describe, expect, test } from "vitest";
import { memory } from "signalbox";
import { contractCases, type ContractFeatures, type TransportFactory } from "signalbox/testing/contract";
import { brokenMemories } from "./broken.js";
import { brokenRemotes } from "./broken-remote.js";
import { brokenShelves } from "./broken-shelf.js";
import { ShelfTransport } from "./shelf.js";

type Fault = readonly [fault: string, id: string, says: RegExp, create: TransportFactory];

const GUARD = { time: "virtual", guardMs: 2_000, flood: 1_000 } as const;

function expectFault([, id, says, create]: Fault, features: ContractFeatures): Promise<void> {
  const found = contractCases("broken", create, features).find((each) => each.id === id)!;
  expect(found.reason).toBeUndefined();
  return expect(found.run()).rejects.toThrow(says);
}

describe("the contract finds a transport that", () => {
  test.each(brokenMemories)("%s, in case %s", async (...broken) => {
    await expectFault(broken, { ...memory().features, ...GUARD });
  });
});

describe("the contract finds a store that", () => {
  const { features } = new ShelfTransport(undefined as never);
  test.each(brokenShelves)("%s, in case %s", async (...broken) => {
    await expectFault(broken, { ...features, ...GUARD });
  });
});

describe("the contract finds a store behind a link that", () => {
  test.each(brokenRemotes)("%s, in case %s", async (fault, id, says, [create, features]) => {
    await expectFault([fault, id, says, create], { ...features, ...GUARD });
  });
});
