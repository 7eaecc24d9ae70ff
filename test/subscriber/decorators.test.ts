import * as decorated from "./decorated.js";
import { decoratorsBehave } from "./decorators.shared.js";
import { load } from "./dialects.js";

decoratorsBehave("legacy with metadata", decorated);
for (const dialect of ["esbuild, legacy", "tsc, legacy"] as const) {
  decoratorsBehave(dialect, await load(dialect));
}
