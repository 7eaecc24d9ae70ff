// Suggests labels for issues: those of one repository one after the other, repositories side by side.
// The order comes with the events, whose key is the repository (events.ts); nothing here has to keep it.
import { Delivery, On, Subscriber } from "signalbox";
import { IssueComment, Issues } from "../events.js";
import { Ledger } from "../ledger.js";
import { Labels } from "../services/labels.js";
import { once } from "./once.js";

@Subscriber({ name: "issues" })
export class IssueTriage {
  constructor(
    private readonly labels: Labels,
    private readonly ledger: Ledger,
  ) {}

  @On([Issues, IssueComment], { ...once, name: "triage", timeout: "5s" })
  async triage({ issue, repository }: Issues | IssueComment, delivery: Delivery) {
    const labels = await this.labels.suggest(issue, delivery.signal);
    const note = `${repository.full_name}#${issue.number}: ${labels.join(", ")}`;
    this.ledger.write("issues.triage", delivery.eventId, note);
  }
}
