import { loadFile } from "../subscriber/dialects.js";
import type * as handled from "./handled.js";
import { handlersBehave } from "./handles.shared.js";

for (const dialect of ["esbuild, TC39", "tsc, TC39"] as const) {
  const made = await loadFile(new URL("handled.ts", import.meta.url), "./setup.js", dialect);
  handlersBehave(dialect, made as typeof handled);
}
