/** Has types.ts and types-of-watching.ts checked as TC39 decorators too. */
export type * from "./types.js";
export type * from "./types-of-watching.js";
