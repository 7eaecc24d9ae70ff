// The whole story, from the first webhook to the verdict. Everything it opens is closed when it returns.
import "signalbox/tsyringe"; // first: it loads reflect-metadata, where the decorators below leave the types they need
import { openBoard } from "./announcement-board.js";
import { createApplication } from "./application.js";
import { briefLog } from "./brief-log.js";
import { check, type Verdict } from "./check.js";
import { post, type Sending, sendAll } from "./client.js";
import { deliveriesOf, type WebhookDelivery } from "./deliveries.js";
import { expectedHandlings, type Handling, subscriptions } from "./expectations.js";
import { Intake } from "./intake.js";
import { Ledger } from "./ledger.js";
import { pick, randomOf } from "./random.js";
import { repair } from "./repair.js";
import { dropping } from "./sabotage.js";
import { SECRET } from "./secret.js";
import { receiveWebhooks } from "./server.js";
import { tableOf, watchedColumns } from "./table.js";
import { watch, type Watched } from "./watch.js";

export interface RunOptions {
  readonly seed: number;
  readonly sabotage: boolean;
  readonly log: (line: string) => void;
  /** Called ten times a second while webhooks arrive. */
  readonly progress?: (text: string) => void;
}

export async function run(options: RunOptions): Promise<Verdict> {
  const random = randomOf(options.seed);
  const deliveries = deliveriesOf(random);
  const victim = options.sabotage ? pick(random, expectedHandlings(deliveries)) : undefined;
  if (victim) options.log("sabotage: one delivery will be dropped, and the check must name it");
  const ledger = new Ledger();
  const watched = await play(deliveries, victim, ledger, options);
  const verdict = check(deliveries, ledger);
  const { received, published, handled, lost, faults } = verdict;
  for (const line of ["", ...tableOf(ledger, watchedColumns(watched)), "", ...faults]) options.log(line);
  options.log(`${received} received, ${published} published, ${handled} handled, ${lost} lost`);
  return verdict;
}

async function play(
  deliveries: readonly WebhookDelivery[],
  victim: Handling | undefined,
  ledger: Ledger,
  { seed, log, progress = () => {} }: RunOptions,
): Promise<(subscription: string) => Watched> {
  await using board = await openBoard(randomOf(seed));
  const steps = victim ? [dropping(victim)] : [];
  const application = createApplication({ ledger, boardUrl: board.url, logger: briefLog(log), steps });
  await using bus = application.bus;
  const watched = watch(bus);
  await bus.start();
  const intake = new Intake(bus, ledger);
  await using server = await receiveWebhooks(intake, SECRET);

  log(`seed ${seed}: ${deliveries.length} webhooks to ${server.url}, announcements to ${board.url}`);
  await sendForged(deliveries, server.url, log);
  await sendWithProgress(deliveries, server.url, ledger, { log, progress });
  await intake.settled();
  log(
    `${watched("audit.record").deduplicated} of those were in the audit trail already, and not written again`,
  );
  log(`${board.posts.size} releases announced, ${watched("releases.announce").retried} tries failed`);
  await repair(application, log);
  log(`busiest repository: ${application.statistics.busiest()}`);
  return watched;
}

/** Somebody who does not know the secret. */
async function sendForged([first]: readonly WebhookDelivery[], url: string, log: RunOptions["log"]) {
  if (!first) return;
  const { status } = await post(first, url, "a guess");
  log(`a forged webhook was answered ${status}`);
}

async function sendWithProgress(
  deliveries: readonly WebhookDelivery[],
  url: string,
  ledger: Ledger,
  { log, progress }: Required<Pick<RunOptions, "log" | "progress">>,
) {
  const sending: Sending = { delivered: 0, busy: 0, unanswered: 0 };
  const timer = setInterval(() => {
    const handled = subscriptions.reduce((sum, store) => sum + ledger.rows(store).length, 0);
    progress(
      `${sending.delivered}/${deliveries.length} taken, ${sending.busy} sent again, ${handled} handled`,
    );
  }, 100);
  await sendAll(deliveries, async () => url, sending).finally(() => clearInterval(timer));
  log(`all ${sending.delivered} were taken; ${sending.busy} times the answer was 503, and they came again`);
}
