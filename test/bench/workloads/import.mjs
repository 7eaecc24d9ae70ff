// What a program pays before its first line.
const name = "import";

const built = (file) => new URL(`../../../dist/${file}`, import.meta.url).href;
const ours = [
  { name: "signalbox", module: built("index.js"), exports: ["createBus", "Event", "On"] },
  { name: "signalbox/tsyringe", module: built("tsyringe/index.js"), exports: ["tsyringe", "container"] },
];

export default {
  name,
  about:
    "`await import(…)` in a process that has imported nothing else; files are in the cache of the system.",
  measures: "import",
  candidates: [
    ...ours,
    { name: "@nestjs/cqrs", module: "@nestjs/cqrs", exports: ["EventBus"] },
    { name: "effect", module: "effect", exports: ["Effect", "Queue"] },
    { name: "eventemitter3", module: "eventemitter3", exports: ["EventEmitter"] },
    { name: "fastq", module: "fastq", exports: ["default"] },
    { name: "p-queue", module: "p-queue", exports: ["default"] },
    { name: "rxjs", module: "rxjs", exports: ["Subject"] },
  ],
  quick: { candidates: ours },
  targets: [
    {
      name: "import of signalbox",
      atMost: 25,
      unit: "ms",
      value: (of) => of(name, "signalbox", "ms"),
    },
    {
      name: "import of signalbox/tsyringe",
      atMost: 50,
      unit: "ms",
      value: (of) => of(name, "signalbox/tsyringe", "ms"),
    },
  ],
};
