// GitHub's side: signs each payload and posts it; told 503, it comes back with the same delivery id.
import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "@octokit/webhooks-methods";
import type { WebhookDelivery } from "./deliveries.js";

const CONNECTIONS = 12;
const TRIES = 20;

export interface Sending {
  delivered: number;
  sentAgain: number;
}

/** Sends everything, several at a time; rejects when one is refused for good. `sending` counts along. */
export async function sendAll(
  deliveries: readonly WebhookDelivery[],
  url: string,
  secret: string,
  sending: Sending,
) {
  const queue = deliveries.values();
  const connection = async () => {
    for (const delivery of queue) {
      await sendUntilTaken(delivery, url, secret, sending);
      sending.delivered += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}

async function sendUntilTaken(delivery: WebhookDelivery, url: string, secret: string, sending: Sending) {
  for (let left = TRIES; left > 0; left -= 1) {
    const response = await post(delivery, url, secret);
    if (response.ok) return;
    if (response.status !== 503) break;
    sending.sentAgain += 1;
    await sleep(Number(response.headers.get("retry-after")) * 1_000);
  }
  throw new Error(`${delivery.name} ${delivery.id} was not taken. Look at what the server answered.`);
}

/** One request as GitHub makes it. */
export async function post(
  { id, name, payload }: WebhookDelivery,
  url: string,
  secret: string,
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
