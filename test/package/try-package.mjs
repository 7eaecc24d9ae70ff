/**
 * Packs Signalbox, installs the tarball into an empty project outside the repository, and there compiles and runs a strict
 * TypeScript application in legacy and in TC39 decorators, and CommonJS ones. Run it with `npm run try-package`.
 *
 * Only the dependencies of Signalbox come from outside (from npm's cache, where they are); the compiler is the repository's.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = path.join(ROOT, "test", "package");
const COMPILER = path.join(ROOT, "node_modules", "@typescript", "native", "bin", "tsc");

const LEGACY = { experimentalDecorators: true, emitDecoratorMetadata: true };
const TRIES = [
  { title: "legacy decorators", source: "app.ts", options: LEGACY, prints: "o-1 12 in attempt 2; 1 done" },
  { title: "TC39 decorators", source: "app.ts", options: {}, prints: "o-1 12 in attempt 2; 1 done" },
  { title: "tsyringe, by type", source: "injected.ts", options: LEGACY, prints: "ada@example.org true" },
  { title: "a test of it, legacy decorators", source: "tested.ts", options: LEGACY, prints: "3 1" },
  { title: "a test of it, TC39 decorators", source: "tested.ts", options: {}, prints: "3 1" },
  { title: "CommonJS, TypeScript", source: "common.cts", options: {}, prints: "required 7" },
  { title: "CommonJS, JavaScript", source: "plain.cjs", options: undefined, prints: "plain 1" },
];

const project = mkdtempSync(path.join(tmpdir(), "signalbox-package-"));
try {
  install();
  const failed = TRIES.filter((each) => !succeeds(each));
  console.log(
    `${TRIES.length - failed.length} of ${TRIES.length} applications work on Node ${process.version}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}

function install() {
  const packed = JSON.parse(npm(["pack", "--json", "--pack-destination", project], ROOT));
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(["install", "--prefer-offline", "--no-audit", "--no-fund", path.join(project, filename)], project);
}

function succeeds({ title, source, options, prints }) {
  try {
    const printed = node([options === undefined ? copied(source) : compiled(source, options)]).trim();
    if (printed !== prints)
      throw new Error(`it printed ${JSON.stringify(printed)}, not ${JSON.stringify(prints)}`);
    console.log(`  works: ${title}`);
    return true;
  } catch (error) {
    console.log(`  FAILS: ${title}\n${error.stdout ?? ""}${error.stderr ?? error.stack}`);
    return false;
  }
}

function copied(source) {
  copyFileSync(path.join(HERE, source), path.join(project, source));
  return source;
}

function compiled(source, options) {
  const compilerOptions = {
    target: "ES2023",
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false, // the declarations of Signalbox are under test too
    types: ["node"],
    typeRoots: [path.join(ROOT, "node_modules", "@types")],
    outDir: "out",
    ...options,
  };
  const config = { compilerOptions, files: [copied(source)] };
  writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify(config, null, 2));
  node([COMPILER, "-p", "."]);
  return path.join("out", source.replace(/\.(c?)ts$/, ".$1js"));
}

function node(args) {
  return execFileSync(process.execPath, args, {
    cwd: project,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function npm(args, cwd) {
  // npm's own variables would make the inner npm believe that it works in the repository.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local)/.test(name)),
  );
  const shell = process.platform === "win32";
  return execFileSync("npm", args, {
    cwd,
    env,
    shell,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
