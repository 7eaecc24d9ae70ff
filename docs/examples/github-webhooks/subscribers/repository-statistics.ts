// Counts what happens in each repository: several small handlers, each typed by its own event.
import { Delivery, On, Subscriber } from "signalbox";
import { Fork, Issues, PullRequest, Push, Release, Star, Watch } from "../events.js";
import { Ledger } from "../ledger.js";
import { type Activity, Statistics } from "../services/statistics.js";
import { once } from "./once.js";

type Happening = Fork | Watch | Issues | PullRequest | Release;

@Subscriber({ name: "statistics" })
export class RepositoryStatistics {
  constructor(
    private readonly statistics: Statistics,
    private readonly ledger: Ledger,
  ) {}

  @On(Star, { ...once, name: "stars" })
  countStar(event: Star, delivery: Delivery) {
    this.statistics.count(event.repository.full_name, "stars", event.action === "created" ? 1 : -1);
    this.ledger.write("statistics.stars", delivery.eventId, event.action);
  }

  @On(Push, { ...once, name: "pushes" })
  countPush(event: Push, delivery: Delivery) {
    this.statistics.count(event.repository.full_name, "pushes", 1);
    this.ledger.write("statistics.pushes", delivery.eventId, `${event.commits.length} commits`);
  }

  @On([Fork, Watch, Issues, PullRequest, Release], { ...once, name: "activity" })
  countActivity(event: Happening, delivery: Delivery) {
    const activity = activityOf(event);
    this.statistics.count(event.repository.full_name, activity, 1);
    this.ledger.write("statistics.activity", delivery.eventId, activity);
  }
}

function activityOf(event: Happening): Activity {
  if (event instanceof Fork) return "forks";
  if (event instanceof Watch) return "watchers";
  if (event instanceof Issues) return "issues";
  return event instanceof PullRequest ? "pull requests" : "releases";
}
