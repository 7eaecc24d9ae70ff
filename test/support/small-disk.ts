/** A disk of a few megabytes, to be full: in memory, as Linux mounts it for root. It goes when this process ends, however it ends. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface SmallDisk {
  readonly folder: string;
  remove(): Promise<void>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Why there can be none here; undefined where there can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root may mount one, on Linux";
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", tmpdir()], { stdio: "ignore" });
    return undefined;
  } catch {
    return "nothing can be mounted here";
  }
}

/* Reads until this process closes the pipe, which the system does for one that is killed. */
const GUARD = 'cat >/dev/null; umount -l "$1"; rmdir "$1"';

export function smallDisk(megabytes: number, { uid, gid }: Owner): SmallDisk {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-disk-"));
  const options = `size=${megabytes}m,uid=${uid},gid=${gid},mode=0755`;
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  const guard = spawn("sh", ["-c", GUARD, "guard", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return {
    folder,
    remove: async () => {
      const gone = new Promise((resolve) => guard.once("exit", resolve));
      guard.ref();
      guard.stdin.end();
      await gone;
    },
  };
}
