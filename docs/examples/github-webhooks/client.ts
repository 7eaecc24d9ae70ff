// GitHub's side: signs each payload and posts it; told 503, or nothing at all, it comes back with the same delivery id.
import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "@octokit/webhooks-methods";
import type { WebhookDelivery } from "./deliveries.js";
import { SECRET } from "./secret.js";

const CONNECTIONS = 12;
const TRIES = 20;
const UNANSWERED = 0.1; // seconds until it is sent again

export interface Sending {
  delivered: number;
  /** How often the answer was 503. */
  busy: number;
  /** How often there was none. */
  unanswered: number;
}

/** Where the server is now; waits while there is none. */
export type Address = () => Promise<string>;

/** Sends everything, several at a time; rejects when one is refused for good. `sending` counts along, `taken` hears of each. */
export async function sendAll(
  deliveries: readonly WebhookDelivery[],
  address: Address,
  sending: Sending,
  taken: () => void = () => {},
) {
  const queue = deliveries.values();
  const connection = async () => {
    for (const delivery of queue) {
      await sendUntilTaken(delivery, address, sending);
      sending.delivered += 1;
      taken();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}

async function sendUntilTaken(delivery: WebhookDelivery, address: Address, sending: Sending) {
  for (let left = TRIES; left > 0; left -= 1) {
    const response = await post(delivery, await address()).catch(() => undefined);
    if (response?.ok) return;
    if (response && response.status !== 503) break;
    sending[response ? "busy" : "unanswered"] += 1;
    await sleep(Number(response?.headers.get("retry-after") ?? UNANSWERED) * 1_000);
  }
  throw new Error(`${delivery.name} ${delivery.id} was not taken. Look at what the server answered.`);
}

/** One request as GitHub makes it. */
export async function post(
  { id, name, payload }: WebhookDelivery,
  url: string,
  secret: string = SECRET,
): Promise<Response> {
  const body = JSON.stringify(payload);
  const response = await fetch(`${url}/webhooks`, {
    method: "POST",
    headers: {
      accept: "*/*",
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-delivery": id,
      "x-github-event": name,
      "x-github-hook-id": "292430182",
      "x-github-hook-installation-target-type": "repository",
      "x-hub-signature-256": await sign(secret, body),
    },
    body,
  });
  await response.arrayBuffer(); // frees the connection
  return response;
}
