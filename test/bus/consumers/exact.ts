/** An application whose options may be there and undefined, as they come from its own configuration. */
import { createBus, type Delivery, type Duration, Event, type LaneOptions, On, Subscriber } from "signalbox";
import { z } from "zod";

class Placed extends Event("shop.placed", z.object({ id: z.string(), note: z.string().optional() })) {}

interface Settings {
  readonly concurrency: number | undefined;
  readonly timeout: Duration | undefined;
  readonly name?: string | undefined;
}

export function settled(settings: Settings, signal: AbortSignal | undefined) {
  const mail: LaneOptions = { concurrency: settings.concurrency, waitMax: settings.timeout };
  @Subscriber({ name: settings.name, timeout: settings.timeout, lane: undefined })
  class Mails {
    @On(Placed, { ...(settings.name && { name: settings.name }), retry: undefined, dedupe: undefined })
    send(event: Placed, delivery: Delivery): void {
      void [event.note?.length, delivery.deadline?.getTime()];
    }
  }
  const bus = createBus({ subscribers: [Mails], lanes: { mail }, transport: undefined, stamp: undefined });
  const placed = new Placed({ id: "1", note: undefined });
  return [
    bus.publish(placed, { key: settings.name, signal, headers: undefined, priority: undefined }),
    bus.next(Placed, undefined, { signal }),
    bus.close({ deadline: settings.timeout }),
  ];
}
// @ts-expect-error a wrong type is still refused
createBus({ heldMax: "many" });
