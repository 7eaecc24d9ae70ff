// What the two processes tell each other.
import type { Handling } from "../expectations.js";

/** What a life is born with. */
export interface Orders {
  readonly life: number;
  readonly transport: string;
  readonly folder: string;
  readonly boardUrl: string;
  readonly victim: Handling | undefined;
}

/** Asked for one at a time; each is answered when it is done. */
export type Wish = "drain" | "repair" | "close";

export type Word =
  | { readonly is: "listening"; readonly url: string; readonly waiting: number }
  | { readonly is: "log"; readonly line: string }
  | { readonly is: "done" };
