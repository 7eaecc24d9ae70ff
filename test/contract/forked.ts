/** Processes that play their part in a case until they are killed: one program for each store of the house. */
import { type ChildProcess, fork } from "node:child_process";

import { bundled } from "../crash/build.mjs";
import { folder } from "./folder.ts";

let program: Promise<string> | undefined;

/** The program is bundled from the sources; `where` is what its factory gets. */
export async function forked(store: "sqlite" | "postgres", where: string): Promise<ChildProcess> {
  program ??= bundled("test/contract/process.ts", folder());
  return fork(await program, [store, where], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}
