/** Publishes on their way through ports: sent in one batch per transport, and taken back where a send fails. */
import { PortCarriage, type SendOptions } from "./port-carriage.js";
import type { Planned } from "./planner.js";
import type { Publication } from "./publication.js";
import { Ticket } from "./ticket.js";

/** How it is sent, and what becomes of it. */
export interface Carried {
  readonly how: SendOptions;
  /** The transport has it. */
  readonly sent: (planned: Planned) => void;
  /** The transport had it already: these deliveries are not to be. */
  readonly known: (tickets: readonly Ticket[]) => void;
  /** The transport did not take it: these deliveries are not to be either. */
  readonly failed: (publication: Publication, tickets: () => readonly Ticket[], error: unknown) => void;
}

/** The port that an event goes through, if it does not go straight. */
export function portOf({ topic }: Publication): PortCarriage | undefined {
  return topic.carriage instanceof PortCarriage ? topic.carriage : undefined;
}

export function isCarried(planned: readonly Planned[]): boolean {
  return planned.some(({ publication }) => portOf(publication) !== undefined);
}

/** Sends everything that goes through a port; rejects with what the first transport says that does not take it. */
export async function carry(planned: readonly Planned[], carried: Carried): Promise<void> {
  const byPort = new Map<PortCarriage, Planned[]>();
  for (const each of planned) {
    const port = portOf(each.publication);
    if (port !== undefined) byPort.set(port, [...(byPort.get(port) ?? []), each]);
  }
  const sends = Array.from(byPort, ([port, batch]) => send(port, batch, carried));
  const failed = (await Promise.allSettled(sends)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason as Error;
}

async function send(port: PortCarriage, batch: readonly Planned[], carried: Carried): Promise<void> {
  try {
    for (const planned of batch) declineOthers(port, planned);
    const publications = batch.map((each) => each.publication);
    const sending = port.send(publications, carried.how);
    for (const { follower } of publications) follower?.sent(carried.how.transaction);
    const known = await sending;
    for (const planned of batch)
      if (known.has(planned.publication)) {
        planned.isKnown = true;
        carried.known(port.recall(planned.publication));
      }
    for (const planned of batch) carried.sent(planned);
  } catch (error) {
    for (const { publication } of batch) carried.failed(publication, () => port.recall(publication), error);
    throw error;
  }
}

/* Published before and taken by some: the transport fans out to them again, and they have it. */
function declineOthers(port: PortCarriage, { publication, routes, isTold }: Planned): void {
  if (port.isStore || !isTold) return;
  for (const route of publication.topic.routing.routes)
    if (!routes.includes(route)) port.decline(new Ticket(route, publication, undefined));
}
