/** A folder for what the cases of this process need, gone when it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

let made: string | undefined;

export function folder(): string {
  if (made !== undefined) return made;
  made = mkdtempSync(path.join(tmpdir(), "signalbox-contract-"));
  process.once("exit", () => rmSync(made!, { recursive: true }));
  return made;
}
