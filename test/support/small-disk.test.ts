/** A small disk takes what it has room for, and goes when whoever made it goes. */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { smallDisk, whyNoSmallDisk } from "./small-disk.js";

const MODULE = fileURLToPath(new URL("small-disk.ts", import.meta.url));
const why = whyNoSmallDisk();

describe.skipIf(why !== undefined)(`a small disk${why === undefined ? "" : `: ${why}`}`, () => {
  test("takes what it has room for and no more, and is not there when it was removed", async () => {
    const { folder, remove } = smallDisk(1, { uid: 0, gid: 0 });
    writeFileSync(path.join(folder, "fits"), new Uint8Array(500_000));
    expect(() => writeFileSync(path.join(folder, "more"), new Uint8Array(1_000_000))).toThrow(/ENOSPC/);
    await remove();
    expect(existsSync(folder)).toBe(false);
  });

  test("goes when whoever made it is killed", async () => {
    const program = `
      const { smallDisk } = await import(${JSON.stringify(MODULE)});
      process.stdout.write(smallDisk(1, { uid: 0, gid: 0 }).folder);
      setInterval(() => {}, 1_000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const folder = await new Promise<string>((resolve) =>
      child.stdout.once("data", (text) => resolve(String(text))),
    );
    expect(existsSync(folder)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
  });
});
