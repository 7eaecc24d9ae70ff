// Writes down everything that GitHub tells us: one subscription to all 58 events.
import { Delivery, On, Subscriber } from "signalbox";
import { type AnyWebhook, everyEvent } from "../catalogue.js";
import { Ledger } from "../ledger.js";
import { once } from "./once.js";

@Subscriber({ name: "audit" })
export class AuditTrail {
  constructor(private readonly ledger: Ledger) {}

  @On(everyEvent, { ...once, name: "record" })
  record(event: AnyWebhook, delivery: Delivery) {
    const who = "sender" in event ? event.sender.login : "GitHub";
    this.ledger.write("audit.record", delivery.eventId, `${delivery.headers["github-event"]} by ${who}`);
  }
}
