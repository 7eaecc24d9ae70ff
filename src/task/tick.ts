/** `Tick`: the event that a schedule runs by. It is for one subscription only, and never leaves the process. */
import { Event, type EventClass, type TypedEvent } from "../event/event.js";

/** The transport of ticks: none. */
export const IN_PROCESS = "signalbox.in-process";

interface TickData {
  /** The name of the schedule. */
  readonly schedule: string;
  /** The time that it runs for, which may be earlier than now. */
  readonly due: Date;
  /** How many of its times have come since its last tick and have no run of their own; at most 100 are counted. */
  readonly missed: number;
}

// Named, since declarations are emitted file by file.
const Base: TypedEvent<"signalbox.tick", TickData> = Event("signalbox.tick", {
  transport: IN_PROCESS,
}) as never;

/** One time of a schedule: what `@Cron` and `@Every` methods and the function of `bus.schedule` get. The bus makes them. */
export class Tick extends Base<TickData> {
  private constructor(data: TickData) {
    super(data);
  }
}

/** Makes a tick. */
export function tickOf(data: TickData): Tick {
  return Reflect.construct(Tick, [data]) as Tick;
}

/** Ticks as an event class: types keep applications from subscribing to all of them. */
export const tickClass: EventClass<Tick> = Tick as never;
