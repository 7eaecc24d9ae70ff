/** Notices: what happened, for whoever watches. The same keys every time. */

/** Where to listen; a listener that throws is detached, reported once through the logger, and never changes an outcome. */
export interface Notices {
  on<K extends keyof NoticeMap>(name: K, listener: (notice: NoticeMap[K]) => void): this;
  once<K extends keyof NoticeMap>(name: K, listener: (notice: NoticeMap[K]) => void): this;
  off<K extends keyof NoticeMap>(name: K, listener?: (notice: NoticeMap[K]) => void): this;
}

export type EventNoticeName = "event.published" | "event.unhandled";
export type DeliveryNoticeName =
  `delivery.${"started" | "done" | "retried" | "deadLettered" | "dropped" | "deduplicated" | "filtered" | "expired" | "abandoned" | "stuck" | "late" | "lost"}`;
export type LaneNoticeName = `lane.${"full" | "free" | "paused" | "resumed"}`;

export type NoticeMap = { readonly [K in EventNoticeName]: EventNotice } & {
  readonly [K in DeliveryNoticeName]: DeliveryNotice;
} & { readonly "loop.blocked": DeliveryNotice } & { readonly [K in LaneNoticeName]: LaneNotice } & {
  readonly [K in `transport.${"down" | "up"}`]: TransportNotice;
} & { readonly "schedule.skipped": ScheduleNotice };

export interface EventNotice {
  readonly at: Date;
  /** The name of the event. */
  readonly event: string;
  readonly eventId: string;
}
export interface DeliveryNotice extends EventNotice {
  readonly subscription: string;
  readonly lane: string;
  readonly attempt: number;
  /** Milliseconds in the lane before this attempt started. */
  readonly waited: number;
  /** Milliseconds that the handler ran; 0 where it did not, or was not measured. */
  readonly ran: number;
  readonly reason: string | undefined;
  readonly error: unknown;
}
export interface LaneNotice {
  readonly at: Date;
  readonly lane: string;
  readonly waiting: number;
  readonly running: number;
}
export interface TransportNotice {
  readonly at: Date;
  readonly transport: string;
  readonly error: unknown;
}
export interface ScheduleNotice {
  readonly at: Date;
  readonly schedule: string;
  /** The first of the times that get no run. */
  readonly due: Date;
  /** How many; at most 100 are counted. */
  readonly count: number;
  readonly reason: "missed" | "overlap" | "paused";
}
// oxlint-disable no-explicit-any -- pino's methods and the console's take different lists: only `any` takes both
/** Called as `logger.warn(facts, message)`, which pino and the console both take. */
export type Logger = Record<"debug" | "info" | "warn" | "error", (...line: any[]) => void>;
