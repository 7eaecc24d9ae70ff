// The story once more, with a store instead of memory, and the application in a process that may be killed in the middle.
// Here are those who are still there afterwards: GitHub, the board, and whoever checks.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openBoard } from "../announcement-board.js";
import { check, repeatsOf, type Verdict } from "../check.js";
import { type Sending, sendAll } from "../client.js";
import { deliveriesOf, type WebhookDelivery } from "../deliveries.js";
import { expectedHandlings } from "../expectations.js";
import type { Ledger } from "../ledger.js";
import { pick, randomOf } from "../random.js";
import type { RunOptions } from "../run.js";
import { tableOf } from "../table.js";
import { readLedgers } from "./file-ledger.js";
import { Lives } from "./lives.js";
import { stores } from "./stores.js";

export interface DurableOptions extends RunOptions {
  readonly transport: string;
  readonly crash: boolean;
}

export async function runDurably(options: DurableOptions): Promise<Verdict> {
  const { transport } = options;
  const place = stores[transport];
  if (!place)
    throw new TypeError(
      `Expected --transport to be memory or ${Object.keys(stores).join(" or ")}, got ${transport}`,
    );
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-webhooks-"));
  try {
    const random = randomOf(options.seed);
    const deliveries = deliveriesOf(random);
    const victim = options.sabotage ? pick(random, expectedHandlings(deliveries)) : undefined;
    await play(deliveries, { transport, folder, victim }, options);
    const ledger = readLedgers(folder);
    const verdict = check(deliveries, ledger);
    report(verdict, ledger, options);
    return verdict;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await place.clear(folder);
  }
}

type Place = Omit<ConstructorParameters<typeof Lives>[0], "boardUrl">;

async function play(deliveries: readonly WebhookDelivery[], place: Place, options: DurableOptions) {
  const { seed, log } = options;
  await using board = await openBoard(randomOf(seed));
  using lives = new Lives({ ...place, boardUrl: board.url }, log);
  await lives.begin();
  log(`seed ${seed}: ${deliveries.length} webhooks to ${await lives.address()}, kept by ${place.transport}`);
  await send(deliveries, lives, options);
  await lives.ask("drain");
  log(`${board.posts.size} releases announced`);
  await lives.ask("repair");
  await lives.ask("drain");
  await lives.ask("close");
}

/** With `crash`, the application is killed when half of them are taken. */
async function send(
  deliveries: readonly WebhookDelivery[],
  lives: Lives,
  { log, crash, progress = () => {} }: DurableOptions,
) {
  const sending: Sending = { delivered: 0, busy: 0, unanswered: 0 };
  const half = Math.floor(deliveries.length / 2);
  let next: Promise<void> | undefined;
  const taken = () => {
    progress(`${sending.delivered}/${deliveries.length} taken`);
    if (!crash || sending.delivered !== half) return;
    log(`killed with SIGKILL when ${half} were taken`);
    next = lives.killAndBegin();
  };
  await sendAll(deliveries, lives.address, sending, taken);
  await next;
  log(`all ${sending.delivered} were taken; ${sending.unanswered} had no answer at first, and came again`);
}

function report(verdict: Verdict, ledger: Ledger, { log, crash }: DurableOptions) {
  const { received, published, handled, lost, handledAgain, faults } = verdict;
  const known = ledger.rows("http.published").filter(({ note }) => note === "known");
  const again = (subscription: string) => repeatsOf(subscription, ledger).length;
  log(`${known.length} of those were known by their id, and not published again`);
  for (const line of ["", ...tableOf(ledger, [["handled again", again]]), "", ...faults]) log(line);
  if (crash)
    log(`${handledAgain} were handled twice: the process was killed between the work and its settlement`);
  log(`${received} received, ${published} published, ${handled} handled, ${lost} lost`);
}
