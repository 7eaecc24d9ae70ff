/** A fault to plant: a piece of a source that stands there once, and what stands there instead. */
export declare const planted: readonly {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
}[];
