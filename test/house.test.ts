/** The house keeps its rules: arrows, ranks, doors, homes of packages, one place for time and chance. */
import { describe, expect, it } from "vitest";

import {
  arrowFaults,
  clockFaults,
  cycleFaults,
  doorFaults,
  packageFaults,
  sizeFaults,
  twinFaults,
} from "./support/house-rules.js";
import { filesUnder, textOf } from "./support/repository.js";
import { factsOf, type SourceFacts } from "./support/source-facts.js";

function setup() {
  const facts = (folder: string) => filesUnder(folder, ".ts").map((file) => factsOf(file, textOf(file)));
  const manifest = JSON.parse(textOf("package.json")) as {
    exports: Record<string, unknown>;
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const paths = [...textOf("tsconfig.base.json").matchAll(/"(signalbox[^"]*)": \[/g)].map(
    (match) => match[1]!,
  );
  return { facts, manifest, paths };
}

/** Sources that are not there, as path and text. */
function planted(sources: Readonly<Record<string, string>>): SourceFacts[] {
  return Object.entries(sources).map(([file, text]) => factsOf(file, text));
}

describe("the house", () => {
  const { facts, manifest, paths } = setup();
  const sources = facts("src");

  it("has sources", () => {
    expect(sources.length).toBeGreaterThan(10);
  });

  it("imports lower ranks and its own room only", () => {
    expect(arrowFaults(sources)).toEqual([]);
  });

  it("has no import cycles, types included", () => {
    expect(cycleFaults(sources)).toEqual([]);
  });

  it("names each package in its own place only", () => {
    const { dependencies, peerDependencies } = manifest;
    expect(packageFaults(sources, Object.keys(dependencies), Object.keys(peerDependencies))).toEqual([]);
  });

  it("reads clocks, sets timers and draws random numbers in src/runtime/ only", () => {
    expect(clockFaults(sources)).toEqual([]);
  });

  it("has no file over 300 lines and a front door of at most 100", () => {
    expect(sizeFaults(sources)).toEqual([]);
  });

  it("has the same doors in package.json, in its folders and in tsconfig", () => {
    const files = sources.map((file) => file.path);
    expect(doorFaults(files, manifest.exports, paths)).toEqual([]);
  });

  it("runs every TC39 test beside a legacy twin with the same body", () => {
    expect(twinFaults(facts("test"))).toEqual([]);
  });
});

describe("the rule of arrows", () => {
  it.each([
    ["src/event/a.ts", `import { b } from "../lane/b.js";`, "event has rank 1, lane has 4"],
    ["src/event/a.ts", `import type { B } from "../bus.js";`, "event has rank 1, bus has 6"],
    ["src/event/a.ts", `export type { B } from "../delivery/b.js";`, "event has rank 1, delivery has 2"],
    ["src/event/a.ts", `export * from "../delivery/b.js";`, "event has rank 1, delivery has 2"],
    ["src/event/a.ts", `type B = import("../delivery/b.js").B;`, "event has rank 1, delivery has 2"],
    ["src/event/a.ts", `await import("../delivery/b.js");`, "event has rank 1, delivery has 2"],
    ["src/lane/a.ts", `import "../pipeline/b.js";`, "lane and pipeline have one rank"],
    ["src/errors.ts", `import "./runtime/b.js";`, "errors and runtime have one rank"],
    ["src/bus.ts", `import "./tsyringe/index.js";`, "tsyringe is not for the rooms of the core"],
    ["src/tsyringe/index.ts", `import "../lane/b.js";`, "adapters do not know lane"],
    ["src/tsyringe/index.ts", `import "../index.js";`, "adapters do not know index"],
    ["src/workflow/index.ts", `import "../lane/b.js";`, "annexes do not know lane"],
    ["src/workflow/index.ts", `import "../tsyringe/index.js";`, "annexes do not know tsyringe"],
    ["src/bus.ts", `import "./workflow/index.js";`, "workflow is not for the rooms of the core"],
    ["src/attic/a.ts", `import "../runtime/b.js";`, "attic has no rank"],
  ])("refuses in %s: %s", (file, text, why) => {
    expect(arrowFaults(planted({ [file]: text }))).toEqual([expect.stringContaining(`: ${why}`)]);
  });

  it.each([
    ["src/lane/a.ts", `import "../event/b.js"; import "./c.js"; import "p-queue";`],
    ["src/bus.ts", `import "./dispatch/b.js"; import "./errors.js";`],
    ["src/index.ts", `export { b } from "./bus.js"; export { e } from "./event/b.js";`],
    ["src/tsyringe/index.ts", `import "../container/b.js"; import "../errors.js";`],
    ["src/workflow/index.ts", `import "../task/b.js"; import "../errors.js"; import "../index.js";`],
  ])("allows in %s: %s", (file, text) => {
    expect(arrowFaults(planted({ [file]: text }))).toEqual([]);
  });
});

describe("the rule against cycles", () => {
  it("finds a circle of files, type imports included", () => {
    const faults = cycleFaults(
      planted({
        "src/lane/a.ts": `import "./b.js";`,
        "src/lane/b.ts": `import type { C } from "./c.js";`,
        "src/lane/c.ts": `export * from "./a.js";`,
      }),
    );
    expect(faults).toEqual(["src/lane/a.ts → src/lane/b.ts → src/lane/c.ts → src/lane/a.ts"]);
  });

  it("finds a circle behind a file that is not part of it", () => {
    const faults = cycleFaults(
      planted({
        "src/a.ts": `import "./b.js";`,
        "src/b.ts": `import "./c.js";`,
        "src/c.ts": `import "./b.js";`,
      }),
    );
    expect(faults).toEqual(["src/b.ts → src/c.ts → src/b.ts"]);
  });

  it("lets two ways lead to one file", () => {
    const diamond = {
      "src/a.ts": `import "./b.js"; import "./c.js";`,
      "src/b.ts": `import "./c.js";`,
      "src/c.ts": "",
    };
    expect(cycleFaults(planted(diamond))).toEqual([]);
  });
});

describe("the rule of packages", () => {
  it("refuses a package outside its place, a stranger, and a dependency that nobody needs", () => {
    const sources = planted({
      "src/pipeline/a.ts": `import PQueue from "p-queue";`,
      "src/bus.ts": `import type { DependencyContainer } from "tsyringe"; import { z } from "zod";`,
      "src/event/a.ts": `import type { StandardSchemaV1 } from "@standard-schema/spec";`,
    });
    expect(packageFaults(sources, ["p-queue", "tsyringe", "@standard-schema/spec", "ms"])).toEqual([
      "src/bus.ts imports zod, which is not a dependency",
      "src/pipeline/a.ts imports p-queue, which has its place elsewhere",
      "src/bus.ts imports tsyringe, which has its place elsewhere",
      "no file imports ms, which is a dependency",
    ]);
  });

  it("lets the one file that loads an optional package name it", () => {
    const loads = 'await import("piscina");';
    expect(packageFaults(planted({ "src/lane/threads.ts": loads }), [], ["piscina"])).toEqual([]);
    expect(packageFaults(planted({ "src/lane/lane.ts": loads }), [], ["piscina"])).toEqual([
      "src/lane/lane.ts imports piscina, which has its place elsewhere",
    ]);
  });

  it("lets one file carry the emitter, and no second", () => {
    const sources = planted({
      "src/ledger/a.ts": `import { EventEmitter } from "eventemitter3";`,
      "src/delivery/b.ts": `import { EventEmitter } from "eventemitter3";`,
    });
    expect(packageFaults(sources.slice(0, 1), ["eventemitter3"])).toEqual([]);
    expect(packageFaults(sources, ["eventemitter3"])).toEqual([
      "eventemitter3 is named in src/ledger/a.ts and src/delivery/b.ts, not in one file",
    ]);
  });
});

describe("the rule of time and chance", () => {
  it.each([
    ["Date.now();", "Date.now"],
    ["new Date();", "new Date()"],
    ["Date();", "Date()"],
    ["performance.now();", "performance"],
    ["process.hrtime.bigint();", "process.hrtime"],
    ["setTimeout(work, 1);", "setTimeout"],
    ["const wait = setInterval;", "setInterval"],
    ["globalThis.setImmediate(work);", "setImmediate"],
    ["use({ queueMicrotask });", "queueMicrotask"],
    ["AbortSignal.timeout(1);", "AbortSignal.timeout"],
    ["Math.random();", "Math.random"],
    ["crypto.randomUUID();", "crypto"],
    [`import { randomUUID } from "node:crypto";`, "node:crypto"],
    [`import { setTimeout as sleep } from "node:timers/promises";`, "node:timers/promises"],
  ])("refuses %s", (text, name) => {
    const faults = clockFaults(planted({ "src/lane/a.ts": `// why\n${text}` }));
    expect(faults[0]).toBe(`src/lane/a.ts uses ${name} (2): only src/runtime/ may`);
    expect(clockFaults(planted({ "src/runtime/a.ts": text }))).toEqual([]);
  });

  it.each([
    "new Date(0);",
    "new Date(envelope.time);",
    "clock.setTimeout(work, 1); clock.now();",
    "const port = { setTimeout: arm };",
    "interface Clock { setTimeout(work: () => void): void }",
    "// Date.now() is what this must not do",
    "const text = 'Math.random()';",
    "Math.max(1, 2); crypt.now();",
  ])("allows %s", (text) => {
    expect(clockFaults(planted({ "src/lane/a.ts": text }))).toEqual([]);
  });
});

describe("the rule of sizes", () => {
  it("counts lines, the last newline apart", () => {
    const lines = (count: number) => "//\n".repeat(count);
    expect(sizeFaults(planted({ "src/a.ts": lines(300), "src/index.ts": lines(100) }))).toEqual([]);
    expect(sizeFaults(planted({ "src/a.ts": lines(301), "src/index.ts": lines(101) }))).toEqual([
      "src/a.ts has 301 lines, more than 300",
      "src/index.ts has 101 lines, more than 100",
    ]);
  });
});

describe("the rule of doors", () => {
  const door = (base: string) => ({ types: `./dist/${base}.d.ts`, default: `./dist/${base}.js` });
  const exported = {
    ".": door("index"),
    "./tsyringe": door("tsyringe/index"),
    "./package.json": "./package.json",
  };
  const files = ["src/index.ts", "src/tsyringe/index.ts", "src/lane/lane.ts"];
  const paths = ["signalbox", "signalbox/tsyringe"];

  it("is content when all say the same", () => {
    expect(doorFaults(files, exported, paths)).toEqual([]);
  });

  it("finds a folder without its export, an export without its folder, and a name that tsconfig lacks", () => {
    expect(doorFaults([...files, "src/lane/index.ts"], exported, paths)).toEqual([
      "./lane has an index.ts but is no export",
    ]);
    expect(doorFaults(files.slice(0, 1), exported, paths)).toEqual([
      "./tsyringe is exported but has no index.ts",
    ]);
    expect(doorFaults(files, exported, paths.slice(0, 1))).toEqual([
      "./tsyringe is missing in tsconfig's paths",
    ]);
  });

  it("wants types first and a default condition, which require() needs", () => {
    const importOnly = { ...exported, ".": { types: "./dist/index.d.ts", import: "./dist/index.js" } };
    expect(doorFaults(files, importOnly, paths)).toEqual([
      expect.stringMatching(/^\. should be exported as/),
    ]);
  });
});

describe("the rule of twins", () => {
  it("wants a twin and a shared body", () => {
    const lone = { "test/a.tc39.test.ts": `import { body } from "./a-body.js";` };
    expect(twinFaults(planted(lone))).toEqual(["test/a.tc39.test.ts has no twin test/a.test.ts"]);
    expect(twinFaults(planted({ ...lone, "test/a.test.ts": `import "../../src/index.js";` }))).toEqual([
      "test/a.tc39.test.ts and test/a.test.ts share no body",
    ]);
    expect(twinFaults(planted({ ...lone, "test/a.test.ts": `import { body } from "./a-body.js";` }))).toEqual(
      [],
    );
  });
});
