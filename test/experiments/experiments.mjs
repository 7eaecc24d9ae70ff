// npm run experiments: reproduces what docs/queues.md tells, and writes its pictures and its numbers into docs/images.
// With --check it writes nothing and fails where a run gives anything else than what is there.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { svgOf } from "./plot.mjs";
import * as scenarios from "./scenarios.mjs";

const IMAGES = new URL("../../docs/images/", import.meta.url);
const PLOTS = {
  burst: { title: "200 events within a second, 100 ms each", x: "seconds", y: "waiting" },
  utilisation: { title: "Mean wait, where one event takes 100 ms", x: "% of the slots busy", y: "ms" },
  slowSubscriber: {
    title: "How long receipts wait while reports are slow (10 s to 30 s)",
    x: "seconds",
    y: "seconds",
  },
  poisonKey: {
    title: "One key of ten always fails: what is handled of the nine others",
    x: "seconds",
    y: "handled",
  },
  tenants: { title: "95 % of each tenant's events wait no longer than", x: "", y: "seconds" },
  starvation: { title: "Too much that is urgent: what is handled of the rest", x: "seconds", y: "handled" },
  autoscaling: {
    title: "A lane that sets its own slots: 20, 160, 20 events a second",
    x: "seconds",
    y: "number",
    isStepped: true,
  },
  overload: { title: "Twice as much as can be handled: % handled, by priority", x: "overflow", y: "%" },
};

const isCheck = process.argv.includes("--check");
const different = [];
const numbers = {};
mkdirSync(IMAGES, { recursive: true });
for (const [name, plot] of Object.entries(PLOTS)) {
  const outcome = await scenarios[name]();
  numbers[name] = outcome.numbers;
  write(`queues-${fileName(name)}.svg`, svgOf(plot, outcome));
  console.log(name, JSON.stringify(outcome.numbers));
}
write("queues.json", `${JSON.stringify(numbers, undefined, 2)}\n`);
if (different.length > 0) {
  console.error(`Not what is in docs/images: ${different.join(", ")}`);
  process.exitCode = 1;
}

function write(file, text) {
  const url = new URL(file, IMAGES);
  if (!isCheck) return writeFileSync(url, text);
  if (!existsSync(url) || readFileSync(url, "utf8") !== text) different.push(file);
}

function fileName(name) {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
