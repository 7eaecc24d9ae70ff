// Announces releases on a board that is often down: tried again, later and later.
import { Delivery, On, Subscriber } from "signalbox";
import { Release } from "../events.js";
import { Ledger } from "../ledger.js";
import { Announcements } from "../services/announcements.js";
import { once } from "./once.js";

@Subscriber({
  name: "releases",
  retry: { attempts: 6, backoff: "exponential", delay: "20ms", delayMax: "200ms" },
})
export class ReleaseAnnouncer {
  constructor(
    private readonly announcements: Announcements,
    private readonly ledger: Ledger,
  ) {}

  @On(Release, { ...once, name: "announce", when: isOut, timeout: "2s" })
  async announce({ release, repository }: Release, delivery: Delivery) {
    const announcement = `${repository.full_name} ${release.tag_name} is out: ${release.html_url}`;
    await this.announcements.post(announcement, { key: delivery.eventId, signal: delivery.signal });
    this.ledger.write("releases.announce", delivery.eventId, announcement);
  }
}

/** A draft, an edit or a deletion is no news. */
function isOut(event: Release): boolean {
  return event.action === "published" || event.action === "released" || event.action === "prereleased";
}
