/** Tells of what was published, when the first has taken it: taps, notices, and the word about what nobody handles. */
import { isThenable } from "../runtime/thenable.js";
import type { Facilities } from "./facilities.js";
import type { Publication } from "./publication.js";

export class Telling {
  readonly #facilities: Facilities;
  /* Published, but nobody has taken them yet. */
  readonly #later = new Set<Publication>();
  #told = 0;
  #unhandledCount = 0;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /** Events published, and those of them that nobody was there for. */
  get counts(): { readonly published: number; readonly unhandled: number } {
    return { published: this.#told + this.#later.size, unhandled: this.#unhandledCount };
  }

  /** Every place is still waited for, or the transport has not answered. */
  later(publication: Publication): void {
    this.#later.add(publication);
  }
  isLater(publication: Publication): boolean {
    return this.#later.has(publication);
  }
  /** The first has taken it. */
  taken(publication: Publication): void {
    if (this.#later.delete(publication)) this.told(publication);
  }
  /** Nobody has taken it. */
  never(publication: Publication): void {
    this.#later.delete(publication);
  }

  told(publication: Publication): void {
    const { notices, runtime } = this.#facilities;
    this.#told++;
    if (publication.topic.taps.length > 0) this.#tapped(publication);
    if (notices.hearsPublished)
      notices.post("event.published", {
        at: new Date(runtime.host.now()),
        event: publication.name,
        eventId: publication.id,
      });
    if (publication.topic.routing.routes.length === 0 && !publication.topic.carriage.isStore)
      this.#unhandled(publication);
  }

  #tapped(publication: Publication): void {
    for (const tap of publication.topic.taps)
      try {
        this.#heard(tap(publication.event, publication.envelope), publication);
      } catch (error) {
        this.#facilities.log.tapFailed(publication.name, error);
      }
  }

  /* An asynchronous observer that rejects must not end the process. */
  #heard(answer: unknown, { name }: Publication): void {
    if (isThenable(answer))
      answer.then(undefined, (error: unknown) => this.#facilities.log.tapFailed(name, error));
  }

  #unhandled(publication: Publication): void {
    const { notices, runtime, onUnhandled, log } = this.#facilities;
    const { topic, name, id } = publication;
    this.#unhandledCount++;
    publication.tree.count("unhandled");
    if (notices.hears("event.unhandled"))
      notices.post("event.unhandled", { at: new Date(runtime.host.now()), event: name, eventId: id });
    if (onUnhandled !== "warn" || topic.isWarned) return;
    topic.isWarned = true;
    log.unhandled(name, id);
  }
}
