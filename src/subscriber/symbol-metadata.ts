/** One key for the metadata of TC39 decorators, whatever compiled them: in place before a marked class is defined. */

// esbuild, swc and babel fall back to this registered symbol; tsc emits metadata only where Symbol.metadata exists.
if (!("metadata" in Symbol)) {
  Object.defineProperty(Symbol, "metadata", {
    value: Symbol.for("Symbol.metadata"),
    configurable: false,
    enumerable: false,
    writable: false,
  });
}

/** `Symbol.metadata`. Exported and used, so that no bundler drops this module for having no exports in use. */
export const METADATA: symbol = (Symbol as unknown as { readonly metadata: symbol }).metadata;
