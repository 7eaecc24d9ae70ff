/** Has types.ts and batch-types.ts checked as TC39 decorators too, and adds what legacy decorators cannot mark. */
import { On } from "../../src/subscriber/on.js";
import { OrderPlaced } from "./events.js";
export type * as batches from "./batch-types.js";
export type * from "./types.js";

export class RefusedHere {
  // @ts-expect-error #private: the bus calls a handler by name
  @On(OrderPlaced)
  #secret(): void {}
  // @ts-expect-error an accessor is no method
  @On(OrderPlaced) accessor auto = (_event: OrderPlaced): void => undefined;
  touch(): void {
    this.#secret();
  }
}
