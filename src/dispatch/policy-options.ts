/** The options of subscriptions, and of classes and buses as their defaults: one table for checks and reference. */
import { laneOptions } from "../lane/lane-options.js";
import {
  boolean,
  duration,
  either,
  func,
  integerFrom,
  listOf,
  object,
  oneOf,
  type Option,
  type OptionTable,
  positiveDuration,
  string,
} from "../runtime/options.js";

const retryOptions: OptionTable = {
  attempts: { ...integerFrom(1), about: "Attempts, the first one included.", required: true },
  backoff: {
    ...either(oneOf("fixed", "exponential"), func),
    about: "How the waits grow.",
    default: "exponential",
  },
  delay: { ...duration, about: "The first wait.", default: "1s" },
  delayMax: { ...duration, about: "The longest wait.", default: "5m" },
  jitter: { ...boolean, about: "Spreads each wait between half of it and all of it.", default: true },
  on: { ...func, about: "A rule per error: an outcome decides, undefined leaves it to the attempts." },
};

const dedupeOptions: OptionTable = {
  by: { ...either(oneOf("id"), func), about: "What an event is known by.", required: true },
  window: { ...positiveDuration, about: "How long a handled one is remembered.", required: true },
  max: { ...integerFrom(1), about: "How many are remembered.", default: 100_000 },
};

const debounceOptions: OptionTable = {
  wait: { ...positiveDuration, about: "How long nothing newer may have come.", required: true },
  maxWait: {
    ...positiveDuration,
    about: "How long the first may wait, whatever comes.",
    default: "no limit",
  },
  key: { ...func, about: "What supersedes what.", default: "the key" },
};

export const policyOptions: OptionTable = {
  lane: {
    ...either(string, object(laneOptions)),
    about: "A shared lane's name, or the options of an own one.",
    default: "an own one",
  },
  retry: { ...either(integerFrom(1), object(retryOptions)), about: "Attempts, or how to retry.", default: 1 },
  timeout: { ...positiveDuration, about: "When the signal aborts.", default: "never" },
  stuck: {
    ...oneOf("hold", "release"),
    about: "What becomes of a handler that goes on past timeout and grace.",
    default: "hold",
  },
  grace: { ...duration, about: "Between the timeout and the notice that it is stuck.", default: "1s" },
  keyFailure: {
    ...oneOf("continue", "park"),
    about: "What becomes of a key after the last failure of its head.",
    default: "continue",
  },
  transaction: {
    ...boolean,
    about: "Effect, what is published and the end of the delivery in one transaction.",
    default: false,
  },
  steps: { ...listOf(func), about: "Run around the handler, outermost first.", default: "none" },
};

const start: Option = {
  ...oneOf("now", "earliest"),
  about: "Where a new group begins in a store.",
  default: "now",
};

export const subscriptionOptions: OptionTable = {
  ...policyOptions,
  name: { ...string, about: "Stable across deploys.", default: "Class.method" },
  key: { ...func, about: "Refines the event's key, where the lane holds the queue." },
  when: { ...func, about: "false: the event is not for this subscription." },
  dedupe: { ...object(dedupeOptions), about: "Handles an event once." },
  debounce: { ...object(debounceOptions), about: "Handles only the latest of what comes together." },
  audience: { ...oneOf("one", "each"), about: "One of the processes, or every one.", default: "one" },
  crashes: { ...integerFrom(0), about: "How often it may die with its process.", default: 3 },
  start,
};
