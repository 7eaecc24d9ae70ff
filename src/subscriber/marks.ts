/** What decorators write down: on the class itself, under a key that every copy of the library knows. */
import type { BatchOptions, SubscriptionOptions } from "../delivery/policies.js";
import type { ScheduleGiven } from "../delivery/schedule.js";
import { isTaskClass } from "../event/definition.js";
import type { EventClass } from "../event/event.js";
import type { SubscriberClass, SubscriberOptions } from "./subscriber-options.js";
import { METADATA } from "./symbol-metadata.js";

const MARKS = Symbol.for("signalbox.marks");
const VERSION = 1;

/** One `@On` of one method, or one `@Cron` or `@Every`. */
export interface HandlerMark {
  readonly method: string | symbol;
  readonly isStatic: boolean;
  readonly events: readonly EventClass[];
  readonly options: SubscriptionOptions<never>;
  /** Of a method that a schedule runs. */
  readonly schedule?: ScheduleGiven | undefined;
  /** Of an `@OnBatch`. */
  readonly batch?: BatchOptions | undefined;
}

/** The decorator that wrote it, for messages. */
export function decoratorOf({
  events,
  schedule,
  batch,
}: Pick<HandlerMark, "events" | "schedule" | "batch">): string {
  if (schedule !== undefined) return schedule.by;
  if (batch !== undefined) return "@OnBatch";
  return isTaskClass(events[0]) ? "@Handles" : "@On";
}

/** All that one class, its prototype or its metadata holds, in the order in which the decorators ran. */
export interface Marks {
  readonly version: number;
  readonly handlers: HandlerMark[];
  subscriber: SubscriberOptions | undefined;
}

/** The marks of a class, of a prototype or of TC39 metadata itself, never those that it inherits; made when absent. */
export function marksOn(holder: object, label: string): Marks {
  const known = ownMarks(holder);
  if (known !== undefined && known.version !== VERSION) throw new TypeError(anotherVersion(known, label));
  if (known !== undefined) return known;
  const marks: Marks = { version: VERSION, handlers: [], subscriber: undefined };
  Object.defineProperty(holder, MARKS, { value: marks });
  return marks;
}

/** A class's own marks: legacy decorators leave them on it and on its prototype, TC39 ones in its metadata. */
export function marksOf(target: SubscriberClass): readonly Marks[] {
  return everyOwn(target).filter((marks) => marks.version === VERSION);
}

/** A sentence for each of a class's own marks that another version of the library wrote. */
export function versionFaults(target: SubscriberClass): string[] {
  return everyOwn(target)
    .filter((marks) => marks.version !== VERSION)
    .map((marks) => anotherVersion(marks, target.name));
}

function everyOwn(target: SubscriberClass): Marks[] {
  const metadata: unknown = Object.hasOwn(target, METADATA) ? Reflect.get(target, METADATA) : undefined;
  return [target.prototype, target, metadata].map(ownMarks).filter((marks) => marks !== undefined);
}

function ownMarks(holder: unknown): Marks | undefined {
  if ((typeof holder !== "object" || holder === null) && typeof holder !== "function") return undefined;
  return Object.hasOwn(holder, MARKS) ? (Reflect.get(holder, MARKS) as Marks) : undefined;
}

function anotherVersion({ version }: Marks, label: string): string {
  const says = `${label} was marked by another version of signalbox (marks ${version}, here ${VERSION}).`;
  return `${says} Install one version only: \`npm ls signalbox\` lists those in use.`;
}
