/** The rules of the house: each takes what is known of the sources and answers with its faults, in sentences. */
import path from "node:path";

import type { SourceFacts } from "./source-facts.js";

/** Rooms, and files beside them, by rank: a file imports lower ranks and its own room. */
export const RANKS: Readonly<Record<string, number>> = {
  runtime: 0,
  errors: 0,
  event: 1,
  delivery: 2,
  subscriber: 3,
  container: 3,
  transport: 3,
  task: 3.5, // its decorators write the marks of subscriber
  pipeline: 4,
  lane: 4,
  ledger: 4,
  schedule: 4.5,
  dispatch: 5,
  bus: 6,
  index: 7,
};

/** Rooms of one technology each. They import these rooms and never each other. */
export const ADAPTERS: readonly string[] = ["tsyringe", "sqlite", "postgres"];
const OPEN_TO_ADAPTERS = ["runtime", "errors", "event", "delivery", "transport", "container"];

/** Rooms with doors of their own behind the front door. They come in through it, the bus's wiring and the ports. */
export const ANNEXES: readonly string[] = ["testing", "workflow"];
const OPEN_TO_ANNEXES = [...OPEN_TO_ADAPTERS, "task", "bus", "index"];

/** src/lane/ring.ts is in the room "lane", src/bus.ts is the room "bus". */
export function roomOf(file: string): string {
  const [first = ""] = path.posix.relative("src", file).split("/");
  return first.replace(/(\.d)?\.ts$/, "");
}

/** The file that a relative import means, or undefined for a package. */
export function targetOf(file: string, from: string): string | undefined {
  if (!from.startsWith(".")) return undefined;
  return path.posix.join(path.posix.dirname(file), from).replace(/\.js$/, ".ts");
}

/** Every import of a lower rank or the own room; adapters only of what is open to them. */
export function arrowFaults(files: readonly SourceFacts[]): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((from) => {
      const target = targetOf(file.path, from);
      if (target === undefined) return [];
      const why = refusal(roomOf(file.path), roomOf(target));
      return why === undefined ? [] : [`${file.path} imports ${target}: ${why}`];
    }),
  );
}

function refusal(from: string, to: string): string | undefined {
  if (from === to) return undefined;
  if (ADAPTERS.includes(from))
    return OPEN_TO_ADAPTERS.includes(to) ? undefined : `adapters do not know ${to}`;
  if (ANNEXES.includes(from)) return OPEN_TO_ANNEXES.includes(to) ? undefined : `annexes do not know ${to}`;
  const [rank, other] = [RANKS[from], RANKS[to]];
  if (rank === undefined) return `${from} has no rank`;
  if (other === undefined) return `${to} is not for the rooms of the core`;
  if (other === rank) return `${from} and ${to} have one rank`;
  return other < rank ? undefined : `${from} has rank ${rank}, ${to} has ${other}`;
}

/** Circles of files, each told once: "src/a.ts → src/b.ts → src/a.ts". */
export function cycleFaults(files: readonly SourceFacts[]): string[] {
  const edges = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const done = new Set<string>();
  const faults: string[] = [];
  const walk = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) faults.push([...trail.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const target of edges.get(file) ?? []) walk(target, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) walk(file, []);
  return faults;
}

function targetsOf(file: SourceFacts): string[] {
  return [...new Set(file.imports.map((from) => targetOf(file.path, from)))].filter(
    (target) => target !== undefined,
  );
}

/** Packages that live in one place, and everything else that package.json does not name; peers need no file. */
export function packageFaults(
  files: readonly SourceFacts[],
  dependencies: readonly string[],
  peers: readonly string[] = [],
): string[] {
  const named = files.flatMap((file) =>
    file.imports.map((from) => ({ file: file.path, name: nameOf(from) })),
  );
  const strangers = named.filter(
    ({ name }) => name !== undefined && ![...dependencies, ...peers].includes(name),
  );
  const outside = named.filter(({ file, name }) => name !== undefined && HOMES[name]?.test(file) === false);
  const unused = dependencies.filter((name) => !named.some((each) => each.name === name));
  const emitters = new Set(named.filter(({ name }) => name === "eventemitter3").map(({ file }) => file));
  return [
    ...strangers.map(({ file, name }) => `${file} imports ${name}, which is not a dependency`),
    ...outside.map(({ file, name }) => `${file} imports ${name}, which has its place elsewhere`),
    ...unused.map((name) => `no file imports ${name}, which is a dependency`),
    ...(emitters.size > 1
      ? [`eventemitter3 is named in ${[...emitters].join(" and ")}, not in one file`]
      : []),
  ];
}

const HOMES: Readonly<Record<string, RegExp>> = {
  "p-queue": /^src\/lane\//,
  eventemitter3: /^src\/(ledger|delivery)\//,
  tsyringe: /^src\/tsyringe\//,
  "reflect-metadata": /^src\/tsyringe\//,
  ms: /^src\/runtime\//,
  croner: /^src\/schedule\//,
  vitest: /^src\/testing\/vitest\//,
  piscina: /^src\/lane\/threads\.ts$/,
};

function nameOf(from: string): string | undefined {
  if (from.startsWith(".") || from.startsWith("node:")) return undefined;
  return from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Clocks, timers and chance belong to the runtime. */
export function clockFaults(files: readonly SourceFacts[]): string[] {
  return files
    .filter((file) => roomOf(file.path) !== "runtime")
    .flatMap((file) => file.clocks.map((clock) => `${file.path} uses ${clock}: only src/runtime/ may`));
}

/** No file over 300 lines; the front door is a tour of 100. */
export function sizeFaults(files: readonly SourceFacts[]): string[] {
  return files.flatMap(({ path: file, lines }) => {
    const linesMax = file === "src/index.ts" ? 100 : 300;
    return lines > linesMax ? [`${file} has ${lines} lines, more than ${linesMax}`] : [];
  });
}

/** `exports` of package.json, the folders with an index.ts, and the names the tools know are the same doors. */
export function doorFaults(
  files: readonly string[],
  exported: Readonly<Record<string, unknown>>,
  paths: readonly string[],
): string[] {
  const folders = files
    .map((file) => /^src\/(?:(.+)\/)?index\.ts$/.exec(file))
    .filter((match) => match !== null)
    .map((match) => (match[1] === undefined ? "." : `./${match[1]}`));
  const doors = Object.keys(exported).filter((name) => name !== "./package.json");
  const known = paths.map((name) => name.replace(/^signalbox/, "."));
  return [
    ...folders
      .filter((name) => !doors.includes(name))
      .map((name) => `${name} has an index.ts but is no export`),
    ...doors
      .filter((name) => !folders.includes(name))
      .map((name) => `${name} is exported but has no index.ts`),
    ...doors.filter((name) => !known.includes(name)).map((name) => `${name} is missing in tsconfig's paths`),
    ...doors.flatMap((name) => formFaults(name, exported[name])),
  ];
}

/** One form for all: types first, and `default`, so that require() finds it too. */
function formFaults(name: string, target: unknown): string[] {
  const base = name === "." ? "./dist/index" : `./dist/${name.slice(2)}/index`;
  const wanted = JSON.stringify({ types: `${base}.d.ts`, default: `${base}.js` });
  return JSON.stringify(target) === wanted ? [] : [`${name} should be exported as ${wanted}`];
}

/** Each x.tc39.test.ts stands beside its legacy twin x.test.ts, and both take their tests from one body. */
export function twinFaults(tests: readonly SourceFacts[]): string[] {
  const imports = new Map(tests.map((file) => [file.path, file.imports]));
  return tests
    .filter((file) => file.path.endsWith(".tc39.test.ts"))
    .flatMap((file) => {
      const twin = file.path.replace(".tc39.test.ts", ".test.ts");
      const others = imports.get(twin);
      if (others === undefined) return [`${file.path} has no twin ${twin}`];
      const shared = file.imports.some((from) => isBody(from) && others.includes(from));
      return shared ? [] : [`${file.path} and ${twin} share no body`];
    });
}

function isBody(from: string): boolean {
  return from.startsWith("./") || (from.startsWith("../") && !from.includes("/src/"));
}
