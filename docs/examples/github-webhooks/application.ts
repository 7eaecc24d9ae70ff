// Puts the application together: services in a container, subscribers on a bus. The one place that knows them all.
import { type Bus, createBus, type Logger, type Step, type Transport } from "signalbox";
import { container, tsyringe } from "signalbox/tsyringe";
import { everyEvent } from "./catalogue.js";
import { Ledger } from "./ledger.js";
import { Announcements } from "./services/announcements.js";
import { Pager } from "./services/pager.js";
import { Statistics } from "./services/statistics.js";
import { AuditTrail } from "./subscribers/audit-trail.js";
import { CodeSearch } from "./subscribers/code-search.js";
import { IssueTriage } from "./subscribers/issue-triage.js";
import { ReleaseAnnouncer } from "./subscribers/release-announcer.js";
import { RepositoryStatistics } from "./subscribers/repository-statistics.js";
import { SecurityAlerts } from "./subscribers/security-alerts.js";

export interface Application {
  readonly bus: Bus;
  readonly pager: Pager;
  readonly statistics: Statistics;
}

export interface Surroundings {
  readonly ledger: Ledger;
  readonly boardUrl: string;
  readonly logger: Logger;
  readonly steps: readonly Step[];
  /** Memory, where there is none. */
  readonly transport?: Transport | undefined;
}

/** Services without parameters, such as Labels and SearchIndex, need no registration: the container makes them. */
export function createApplication({ ledger, boardUrl, logger, steps, transport }: Surroundings): Application {
  const services = container.createChildContainer();
  const pager = new Pager();
  const statistics = new Statistics();
  services.registerInstance(Ledger, ledger);
  services.registerInstance(Announcements, new Announcements(boardUrl));
  services.registerInstance(Pager, pager);
  services.registerInstance(Statistics, statistics);
  const bus = createBus({
    source: "github-webhooks",
    logger,
    container: tsyringe(services),
    events: everyEvent,
    subscribers: [
      AuditTrail,
      IssueTriage,
      ReleaseAnnouncer,
      CodeSearch,
      RepositoryStatistics,
      SecurityAlerts,
    ],
    steps,
    transport,
  });
  return { bus, pager, statistics };
}
