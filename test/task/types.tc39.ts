/** Has types.ts checked as TC39 decorators too, and adds what legacy decorators cannot mark. */
import { Handles } from "../../src/index.js";
import { Tidy } from "./types.js";
export type * from "./types.js";

export class RefusedHere {
  // @ts-expect-error #private: the bus calls a handler by name
  @Handles(Tidy)
  #secret(): void {}
  touch(): void {
    this.#secret();
  }
}
