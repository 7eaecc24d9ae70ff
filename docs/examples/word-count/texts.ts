// Real text that is there after `npm install`: the licence, the pages and the commented sources that rxjs ships.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

export function textFiles(): string[] {
  const folder = path.dirname(createRequire(import.meta.url).resolve("rxjs/package.json"));
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && isText(path.relative(folder, path.join(entry.parentPath, entry.name))),
    )
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
}

function isText(file: string): boolean {
  return /\.(md|txt)$/.test(file) || (file.startsWith("src") && file.endsWith(".ts"));
}
