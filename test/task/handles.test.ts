import { loadFile } from "../subscriber/dialects.js";
import * as handled from "./handled.js";
import { handlersBehave } from "./handles.shared.js";

handlersBehave("legacy with metadata", handled);
for (const dialect of ["esbuild, legacy", "tsc, legacy"] as const) {
  const made = await loadFile(new URL("handled.ts", import.meta.url), "./setup.js", dialect);
  handlersBehave(dialect, made as typeof handled);
}
