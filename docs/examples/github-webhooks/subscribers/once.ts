// A delivery may arrive twice: GitHub sends again what was answered late, and our client what was answered 503.

/** The second event with an id within ten minutes is not handled again. */
export const once = { dedupe: { by: "id", window: "10m" } } as const;
