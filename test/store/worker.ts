/** A process of the tests about crashes: it has a schedule, divides a task, or handles its parts, until it is killed. */
import { openSync, writeSync } from "node:fs";
import { createBus, Every, Subscriber, Task, type Tick } from "signalbox";
import { sqlite } from "signalbox/sqlite";
import { chain, map } from "signalbox/workflow";

interface Orders {
  readonly file: string;
  readonly log: string;
  readonly role: "tick" | "divide" | "work" | "ask";
}

class Total extends Task("crash.total")<{ numbers: readonly number[] }, number> {}
class Double extends Task("crash.double")<{ n: number }, number> {}
class Sum extends Task("crash.sum")<{ numbers: readonly number[] }, number> {}

const orders = JSON.parse(process.argv[2]!) as Orders;
const log = openSync(orders.log, "a");
const say = (...words: readonly (string | number)[]): void => void writeSync(log, `${words.join(" ")}\n`);
const forever = (): Promise<never> => new Promise(() => undefined);

@Subscriber({ name: "crash" })
class Ticking {
  @Every("1s", { name: "tick" })
  tick({ due }: Tick): Promise<never> {
    say("t", due.toISOString());
    return forever();
  }
}

const bus = createBus({
  transport: sqlite({ path: orders.file, lease: 1_000 }),
  subscribers: ([Ticking] as const).filter(() => orders.role === "tick"),
  tasks: [Total, Double, Sum],
});
if (orders.role === "divide") {
  bus.handle(Total, { name: "total" }, ({ numbers }, delivery) => {
    say("divided");
    const doubles = map(
      Double,
      numbers.map((n) => ({ n })),
    );
    return delivery.replace(chain(doubles, (parts) => new Sum({ numbers: parts })));
  });
  bus.handle(Sum, { name: "sum" }, ({ numbers }) => {
    say("sum");
    return numbers.reduce((a, b) => a + b, 0);
  });
}
if (orders.role === "work")
  bus.handle(Double, { name: "double", lane: { concurrency: 2 } }, async ({ n }, delivery) => {
    say("d", n);
    await delivery.sleep(50);
    return 2 * n;
  });
await bus.start();
process.send?.("started");
if (orders.role === "ask") {
  const handle = await bus.run(new Total({ numbers: Array.from({ length: 40 }, (_, at) => at) }), {
    id: "t",
  });
  say("r", await handle.result());
}
