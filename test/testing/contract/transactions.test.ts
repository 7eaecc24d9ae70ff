/** The cases of transactions pass on a store that begins them, and each finds the fault that it is about. */
import { describe, expect, test } from "vitest";
import type { Transport, TransportTransaction } from "signalbox";
import { fakeTransport } from "signalbox/testing";
import { contractCases, type ContractFeatures, type Place } from "signalbox/testing/contract";
import { delegating, type Otherwise } from "./delegating.js";

/** What is wrong with a transport, or with the transactions that it begins. */
interface Wrong {
  readonly transport?: (inner: Transport) => Otherwise;
  readonly transaction?: (inner: TransportTransaction) => Partial<TransportTransaction>;
}

const STORE = { holds: "store", transactions: true, dedupeWindowMs: 60_000, survives: "process" } as const;

function casesOf({ transport, transaction }: Wrong) {
  const inside = new Map<string, Transport>();
  const create = ({ id, runtime }: Place): Transport => {
    const inner = fakeTransport({ features: STORE }).runOn(runtime.host);
    inside.set(id, inner);
    return delegating(inner, transport?.(inner));
  };
  const begin = async ({ id }: Place) => {
    const inner = await inside.get(id)!.begin!();
    const { commit, rollBack } = {
      commit: () => inner.commit(),
      rollBack: () => inner.rollBack(),
      ...transaction?.(inner),
    };
    return { transaction: inner.client, commit, rollBack };
  };
  const { features } = fakeTransport({ features: STORE });
  const declared: ContractFeatures = { ...features, begin, time: "virtual", guardMs: 2_000 };
  const cases = contractCases("begun", create, declared);
  return (id: string) => cases.find((each) => each.id === id)!;
}

const sendsAtOnce: Wrong = { transport: (inner) => ({ send: (batch) => inner.send(batch) }) };
const settlesAtOnce: Wrong = {
  transport: (inner) => ({ settle: (item, settlement) => inner.settle(item, settlement) }),
};
const commitsAlways: Wrong = { transaction: (inner) => ({ rollBack: () => inner.commit() }) };

/** Remembers ids when they are sent, and not when that is committed. */
const knowsTooEarly: Wrong = {
  transport: (inner) => {
    const known = new Set<string>();
    return {
      send: async (batch, how) => {
        const isKnown = batch.map(({ id }) => known.has(id));
        for (const { id } of batch) known.add(id);
        const answers = await inner.send(batch, how);
        return answers.map((answer, at) => (isKnown[at] === true ? "duplicate" : answer));
      },
    };
  },
};

/** Never hears of the ids that were sent in a transaction, or outside of one. */
const forgetting = (isInside: boolean): Wrong => ({
  transport: (inner) => ({
    send: (batch, how) =>
      inner.send(
        (how?.transaction === undefined) === isInside
          ? batch
          : batch.map((each) => ({ ...each, id: `${each.id}-forgotten` })),
        how,
      ),
  }),
});
const [forgets, forgetsOutside] = [forgetting(true), forgetting(false)];

test.each(["U8", "X4", "X5", "X7", "X8"])("%s passes on a store that keeps its word", async (id) => {
  const found = casesOf({})(id);
  expect(found.reason).toBeUndefined();
  await found.run();
});

describe("the contract finds a store that", () => {
  test.each<[fault: string, id: string, says: RegExp, wrong: Wrong]>([
    ["forgets ids that were sent outside of one", "X5", /the answer to the second relay/, forgetsOutside],
    ["keeps the mark of a relay that has crashed", "X5", /what came/, commitsAlways],
    ["sends at once what is sent in a transaction", "X7", /what came before a commit/, sendsAtOnce],
    ["commits what is rolled back", "X7", /what came before a commit/, commitsAlways],
    ["knows ids that were rolled back", "X8", /the answer after a rollback/, knowsTooEarly],
    ["forgets ids that were sent in a transaction", "X8", /the answer after the commit/, forgets],
    ["sends an effect although its mark is rolled back", "U8", /the effects/, sendsAtOnce],
    ["keeps a mark although its effect is rolled back", "U8", /of 3 have come of/, settlesAtOnce],
  ])("%s, in case %s", async (_, id, says, wrong) => {
    const found = casesOf(wrong)(id);
    expect(found.reason).toBeUndefined();
    await expect(found.run()).rejects.toThrow(says);
  });
});
