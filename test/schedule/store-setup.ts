/** Schedules on a store: processes with the schedule "job", which publishes an event that each of them would handle. */
import { Event, type Schedule, type ScheduleOptions, type Tick, type When } from "../../src/index.js";
import { type Process, processes as onOneFile } from "../support/processes.js";
import { clockOf } from "./setup.js";

export { LEASE } from "../support/processes.js";

class Swept extends Event("test.swept")<{ due: string; missed: number }> {}

export interface Scheduling extends Process {
  /** What its schedule "job" was run for. */
  readonly ticks: Tick[];
  job: Schedule | undefined;
}

export function processes() {
  const { begun: bare, ...made } = onOneFile();
  const ran: string[] = [];
  const all: Scheduling[] = [];
  const begun: typeof bare = (name, options) => {
    const each: Scheduling = { ...bare(name, options), ticks: [], job: undefined };
    each.bus.on(Swept, { name: "sweeps" }, ({ due, missed }, { deliveries }) => {
      if (deliveries === 1) ran.push(missed === 0 ? due : `${due} +${missed}`);
    });
    all.push(each);
    return each;
  };
  /** Gives a process the schedule "job". */
  const schedule = (each: Scheduling, when: When, options: ScheduleOptions = {}): void => {
    const what = (tick: Tick): Swept => {
      each.ticks.push(tick);
      return new Swept({ due: clockOf(tick.due), missed: tick.missed });
    };
    each.job = each.bus.schedule("job", when, what, options);
  };
  /** A started process with that schedule. */
  const started = async (name: string, when: When, options: ScheduleOptions = {}): Promise<Scheduling> => {
    const each = begun(name) as Scheduling;
    schedule(each, when, options);
    await made.start(each);
    return each;
  };
  return { ...made, ran, all, begun, started, schedule };
}
