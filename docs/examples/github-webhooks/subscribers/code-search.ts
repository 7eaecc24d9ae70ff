// Indexes code and reviews: slow work behind a small lane. Two at a time, four may wait in it. Up to eight more
// publishes wait outside for a place, and with them the webhook's sender (intake.ts).
import { Delivery, On, Subscriber } from "signalbox";
import { PullRequest, PullRequestReview, PullRequestReviewComment, Push } from "../events.js";
import { Ledger } from "../ledger.js";
import { SearchIndex } from "../services/search-index.js";
import { once } from "./once.js";

type Code = Push | PullRequest | PullRequestReview | PullRequestReviewComment;

@Subscriber({ name: "search" })
export class CodeSearch {
  constructor(
    private readonly index: SearchIndex,
    private readonly ledger: Ledger,
  ) {}

  @On([Push, PullRequest, PullRequestReview, PullRequestReviewComment], {
    ...once,
    name: "index",
    lane: { concurrency: 2, capacity: 8 },
    timeout: "5s",
  })
  async add(event: Code, delivery: Delivery) {
    await this.index.add(delivery.eventId, textOf(event), delivery.signal);
    this.ledger.write("search.index", delivery.eventId, textOf(event));
  }
}

function textOf(event: Code): string {
  if ("commits" in event) return event.commits.map((commit) => commit.message).join("\n");
  if ("review" in event) return event.review.body ?? "";
  if ("comment" in event) return event.comment.body;
  return `${event.pull_request.title}\n${event.pull_request.body ?? ""}`;
}
