/** The publication of a task: somebody follows what becomes of it. Apart, so that events do not pay for it. */
import type { AnyEvent } from "../event/event.js";
import type { Follower } from "./follower.js";
import { Publication, type PublicationFacts } from "./publication.js";
import type { Routing } from "./topics.js";

export class TaskPublication extends Publication {
  readonly #follower: Follower;

  constructor(event: AnyEvent, routing: Routing, facts: PublicationFacts, follower: Follower) {
    super(event, routing, facts);
    this.#follower = follower;
    follower.sealed(this.idKey);
  }

  override get follower(): Follower {
    return this.#follower;
  }

  /* First, so that what follows from the result belongs to the same tree. */
  override handled(): void {
    this.#follower.done();
    super.handled();
  }
}
