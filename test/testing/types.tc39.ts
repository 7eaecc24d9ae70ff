/** Has types.ts checked as TC39 decorators too. */
export type * from "./types.js";
