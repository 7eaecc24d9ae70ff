// Pages whoever is on call. The pager is broken when the demo starts: after two attempts an alert is a dead letter,
// kept with its history until somebody repairs the pager and replays it (repair.ts).
import { Delivery, On, Subscriber } from "signalbox";
import {
  CodeScanningAlert,
  DependabotAlert,
  RepositoryVulnerabilityAlert,
  SecurityAdvisory,
} from "../events.js";
import { Ledger } from "../ledger.js";
import { Pager } from "../services/pager.js";
import { once } from "./once.js";

type Alert = CodeScanningAlert | DependabotAlert | RepositoryVulnerabilityAlert | SecurityAdvisory;

@Subscriber({ name: "security", retry: { attempts: 2, backoff: "fixed", delay: "20ms" } })
export class SecurityAlerts {
  constructor(
    private readonly pager: Pager,
    private readonly ledger: Ledger,
  ) {}

  @On([CodeScanningAlert, DependabotAlert, RepositoryVulnerabilityAlert, SecurityAdvisory], {
    ...once,
    name: "page",
  })
  page(event: Alert, delivery: Delivery) {
    const summary = summaryOf(event);
    this.pager.page(summary);
    this.ledger.write("security.page", delivery.eventId, summary);
  }
}

function summaryOf(event: Alert): string {
  if ("security_advisory" in event) return event.security_advisory.summary;
  if ("security_advisory" in event.alert) return event.alert.security_advisory.summary;
  if ("rule" in event.alert) return event.alert.rule.description;
  return `${event.alert.affected_package_name} ${event.alert.affected_range}`;
}
