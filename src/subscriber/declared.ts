/** What a class says about its handlers, read once: by marks, by inheritance, by `static on`. Data only. */
import type { BatchOptions, Policies, SubscriptionOptions } from "../delivery/policies.js";
import type { ScheduleGiven } from "../delivery/schedule.js";
import type { EventClass } from "../event/event.js";
import { classNameOf, settingsOf, subscriberName } from "./class-settings.js";
import { classFaults, handlerFaults, settingFaults } from "./declared-faults.js";
import { collectMarks, lineageOf } from "./lineage.js";
import { versionFaults } from "./marks.js";
import { nameHandlers, type SubscriptionName } from "./names.js";
import { staticForm } from "./static-form.js";
import type { InjectToken, SubscriberClass } from "./subscriber-options.js";

/** A subscriber class, read. */
export interface Declared {
  readonly target: SubscriberClass;
  /** The first part of its subscriptions' names. */
  readonly name: string;
  readonly inject: readonly InjectToken[] | undefined;
  readonly scope: "bus" | "delivery";
  /** The class's own policies over those it inherits; not checked. */
  readonly policies: Policies;
  readonly handlers: readonly DeclaredHandler[];
  /** One sentence for each thing that is wrong. */
  readonly faults: readonly string[];
}

/** One subscription to be: one `@On` of one method, or `static on` with one `handle()`. */
export interface DeclaredHandler extends SubscriptionName {
  readonly method: string | symbol;
  readonly isStatic: boolean;
  readonly events: readonly EventClass[];
  /** As `@On` was given them; not checked. */
  readonly options: SubscriptionOptions<never>;
  /** As `@Cron` or `@Every` was given it. */
  readonly schedule?: ScheduleGiven | undefined;
  readonly batch?: BatchOptions | undefined;
}

/** Reads a subscriber class; what is wrong with it comes back as `faults`, all at once. */
export function subscriptionsOf(target: SubscriberClass): Declared {
  const notAClass = classFaults(target);
  if (notAClass.length > 0) return Object.freeze({ target, ...NOTHING, faults: notAClass });
  const label = classNameOf(target);
  const subscriber = subscriberName(target);
  const own = collectMarks(target);
  const form = staticForm(target, label, own.length === 0);
  const marks = [...own, ...form.marks];
  const names = nameHandlers(subscriber, marks);
  const handlers = marks.map((mark, index) => Object.freeze({ ...mark, ...names[index]! }));
  const settings = settingsOf(target);
  const unread = [...lineageOf(target).flatMap(versionFaults), ...form.faults];
  const faults = [
    ...unread,
    ...(handlers.length === 0 && unread.length === 0 ? [noHandlers(label)] : []),
    ...settingFaults(label, subscriber, settings.scope),
    ...handlerFaults(target, label, handlers),
  ];
  return Object.freeze({ target, name: subscriber.name, ...settings, handlers, faults });
}

const NOTHING = { name: "anonymous", inject: undefined, scope: "bus", policies: {}, handlers: [] } as const;

function noHandlers(label: string): string {
  const does =
    "mark a method with @On(Event) or @Handles(Task), or give it `static readonly on` and `handle()`.";
  return `${label} has no handlers: ${does}`;
}
