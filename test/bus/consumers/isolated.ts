/** An application whose exported classes say what they extend, as `isolatedDeclarations` asks. */
import { createBus, Event, type ParsedEvent, type TypedEvent } from "signalbox";
import type { StandardSchemaV1 } from "@standard-schema/spec";

const SignedUpEvent: TypedEvent<"user.signed-up"> = Event("user.signed-up");
export class SignedUp extends SignedUpEvent<{ userId: string }> {}

const schema: StandardSchemaV1<{ id: string }, { id: string; at: Date }> = {
  "~standard": {
    version: 1,
    vendor: "by hand",
    validate: (value) => ({ value: { ...(value as { id: string }), at: new Date(0) } }),
  },
};
const PlacedEvent: ParsedEvent<"shop.placed", typeof schema> = Event("shop.placed", schema);
export class Placed extends PlacedEvent {
  get late(): boolean {
    return this.at.getTime() > 0;
  }
}

export async function main(): Promise<void> {
  const bus = createBus({ events: [SignedUp] });
  bus.on([SignedUp, Placed], (event) => (event instanceof Placed ? event.late : event.userId));
  await bus.publish([new SignedUp({ userId: "u" }), new Placed({ id: "p" })]);
  await bus.close();
  // @ts-expect-error the data of a typed event
  new SignedUp({ id: "u" });
  // @ts-expect-error the input of a schema
  new Placed({ userId: "u" });
}
