/** Faults of a fake transport: what may go wrong where, and what an option must look like. */
import { definitionOf, isEventClass } from "../../event/definition.js";
import type { EventClass } from "../../index.js";
import { nameErrors, SignalboxError } from "../../errors/base.js";
import {
  checkOptions,
  duration,
  integerFrom,
  isObject,
  oneOf,
  type OptionTable,
  rule,
} from "../../runtime/options.js";
import { type Duration, toMs } from "../../runtime/duration.js";

/** Something that goes wrong. Without a rate it hits what comes first, `times` times. */
export interface Fault {
  /** `"send"`: what is published; `"deliver"`: what is handed out; `"settle"`: what a delivery came to. */
  readonly on: "send" | "deliver" | "settle";
  readonly does:
    "delay" | "duplicate" | "reorder" | "loseAnswer" | "crash" | "reject" | "corrupt" | "disconnect" | "full";
  /** Of this event only. Defaults to all. */
  readonly event?: EventClass | undefined;
  /** How often at most. Defaults to 1, with a rate to no limit. */
  readonly times?: number | undefined;
  /** The part of all that is hit, 0 to 1, drawn by the seed; what was handed out before is spared. */
  readonly rate?: number | undefined;
  /** How long a delay or the loss of a connection lasts. Defaults to a second. */
  readonly lasts?: Duration | undefined;
}

/** What can go wrong at each point. */
const POSSIBLE: Readonly<Record<Fault["on"], readonly Fault["does"][]>> = {
  send: ["delay", "duplicate", "loseAnswer", "reject", "disconnect", "full"],
  deliver: ["delay", "duplicate", "reorder", "crash", "corrupt", "disconnect"],
  settle: ["delay", "loseAnswer", "crash", "reject", "disconnect"],
};

const faultOptions: OptionTable = {
  on: { ...oneOf("send", "deliver", "settle"), about: "Where it happens.", required: true },
  does: {
    ...oneOf(...new Set(Object.values(POSSIBLE).flat())),
    about: "What happens.",
    required: true,
  },
  event: { ...rule("an event class", isEventClass), about: "Of which event.", default: "all" },
  times: { ...integerFrom(1), about: "How often at most.", default: "1, or no limit with a rate" },
  rate: {
    ...rule("a number from 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1),
    about: "The part that is hit.",
    default: "what comes first",
  },
  lasts: { ...duration, about: "How long it lasts.", default: "1s" },
};

/** All that is wrong with one fault of the list, for a transport whose queue is held there. */
export function faultFaults(path: string, fault: unknown, holds: "lane" | "store"): string[] {
  const faults = checkOptions(path, fault, faultOptions);
  if (faults.length > 0 || !isObject(fault)) return faults;
  const { on, does } = fault as unknown as Fault;
  const possible = POSSIBLE[on];
  if (!possible.includes(does))
    return [
      `Expected \`${path}\` to be possible: on "${on}" a transport can ${possible.map((each) => `"${each}"`).join(", ")}, got "${does}".`,
    ];
  if (does === "corrupt" && holds === "lane")
    return [
      `Expected \`${path}\` to have something to corrupt: what a lane holds is not read from the wire. Add \`features: { holds: "store" }\`.`,
    ];
  return [];
}

/** The name of the event that a fault is about. */
export function eventOf({ event }: Fault): string | undefined {
  return event === undefined ? undefined : definitionOf(event).name;
}

/** How long what a fault does lasts. */
export function lastsMs(fault: Fault): number {
  return toMs(fault.lasts ?? "1s", "lasts");
}

/** What a fake transport answers where a fault says so. */
export class InjectedFaultError extends SignalboxError {
  readonly on: Fault["on"];
  readonly does: Fault["does"];
  constructor({ on, does }: Pick<Fault, "on" | "does">) {
    const advice = "A real one does so without being asked: see that the caller can bear it.";
    super("SIGNALBOX_INJECTED_FAULT", `${WORDS[does]} (${does} on ${on}). ${advice}`);
    this.on = on;
    this.does = does;
  }
}

nameErrors({ InjectedFaultError });

const WORDS: Readonly<Record<Fault["does"], string>> = {
  delay: "The fake transport was slow",
  duplicate: "The fake transport did it twice",
  reorder: "The fake transport changed the order",
  loseAnswer: "The fake transport took it, and its answer was lost",
  crash: "The fake transport's client crashed",
  reject: "The fake transport refused",
  corrupt: "The fake transport broke the envelope",
  disconnect: "The fake transport has no connection",
  full: "The fake transport has no room left",
};
