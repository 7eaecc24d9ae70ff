/** A library that hands on event classes, subscribers and what a bus gives. */
import { createBus, Event, type EventOf, On, Subscriber } from "signalbox";
import { z } from "zod";

export class Placed extends Event("shop.placed", z.object({ id: z.string() })) {}
export class Shipped extends Event("shop.shipped", { key: (event: { id: string }) => event.id })<{
  id: string;
}> {}
export const Change = Event(
  "shop.change",
  z.union([z.object({ up: z.number() }), z.object({ down: z.number() })]),
);
export type Change = EventOf<typeof Change>;
export const placed = On(Placed);
export const subscriber = Subscriber({ scope: "bus" });
export class Shop {
  readonly bus = createBus({ events: [Placed, Shipped, Change] });
  readonly undo = this.bus.on([Placed, Shipped], (event) => event.id);
  readonly tapped = this.bus.tap("shop.*", () => undefined);
  readonly stream = this.bus.stream([Placed, Change]);
  readonly describe = () => this.bus.describe();
  readonly health = () => this.bus.health();
  readonly close = () => this.bus.close();
  readonly letters = () => this.bus.deadLetters.list({ events: Placed });
  readonly transaction = () => this.bus.transaction(async (scope) => scope);
  readonly publish = async () => await this.bus.publish([new Placed({ id: "1" }), new Shipped({ id: "1" })]);
}
