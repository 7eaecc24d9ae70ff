// How long to measure. Milliseconds are of CPU time.
export const paces = {
  full: {
    name: "full",
    rounds: 11,
    roundMs: 200,
    /** For what takes seconds a round. */
    fewRounds: 3,
    /** Of stores: rounds, wall-clock time of a round, and what waits before a drain. */
    storeRounds: 5,
    storeMs: 2_000,
    storeEvents: 100_000,
    /** Claims of a round, and how many wait meanwhile. */
    claims: 500,
    claimsAmong: 1_000_000,
    /** For what needs a process per round and takes no time. */
    coldRounds: 9,
    /** The same code costs two or three times as much before the engine has learnt it. */
    warmEvents: 1_000_000,
    /** A slow peer has learnt enough by then. */
    warmMost: 3_000,
    /** A peer that is very slow gets no further round after it. */
    most: 8_000,
  },
  quick: {
    name: "quick",
    rounds: 3,
    roundMs: 50,
    fewRounds: 1,
    storeRounds: 3,
    storeMs: 400,
    storeEvents: 10_000,
    claims: 200,
    claimsAmong: 100_000,
    coldRounds: 3,
    warmEvents: 1_000_000,
    warmMost: 1_000,
    most: 1_000,
  },
};
