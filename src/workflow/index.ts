/** The door `signalbox/workflow`: dividing work. Everything here is work, nests freely, and is run by `bus.run`. */
export { chain, chord } from "./chain.js";
export { group } from "./group.js";
export { chunks, map } from "./map.js";
export type { Form } from "./draw.js";
export type { GroupOptions } from "./group.js";
export type { Mapped } from "./map.js";
export type { GroupResult, Link, Settled, Workflow } from "./workflow.js";
