// One candidate under one workload, in a process of its own. Answers each message of the parent.
import { argv } from "node:process";

import { measurementOf, workloads } from "./catalogue.mjs";

const { candidate, workload: name, pace } = JSON.parse(argv[2]);
const workload = (await workloads(pace)).find((each) => each.name === name);
const { stage } = await measurementOf(workload);
/** `undefined`: it cannot do this. */
const staged = await stage(candidate, workload);

process.on("message", ([question, argument]) => {
  void staged[question](argument).then((answer) => process.send(answer));
});
process.send({
  name: staged?.name,
  takesPart: staged !== undefined,
  isLimit: staged?.isLimit === true,
});
