/**
 * The points at which the engine hands control over. In production there is nobody to hand it to and a point is one
 * comparison; a simulator answers with a promise and so decides which ready one goes next.
 */
export type HandOverPoint = "deliver" | "step" | "settle" | "send" | "receive" | "timer";

/** Told the point and whom it is about; a returned promise holds the engine there until it resolves. */
export type HandOver = (point: HandOverPoint, about: string) => void | Promise<void>;
