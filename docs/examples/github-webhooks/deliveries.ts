// What the client sends: all example payloads of @octokit/webhooks-examples, each as a delivery with its own id.
import { createRequire } from "node:module";
import type { WebhookDefinition } from "@octokit/webhooks-examples";
import { type Random, uuid } from "./random.js";

// The package is one JSON file, but its types describe a module; require() reads it as what it is.
const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as readonly WebhookDefinition[];

/** One webhook delivery: the event's name, the id that GitHub gives it, and the payload as it was recorded. */
export interface WebhookDelivery {
  readonly id: string;
  readonly name: string;
  readonly payload: object;
}

export function deliveriesOf(random: Random): readonly WebhookDelivery[] {
  return examples.flatMap(({ name, examples: payloads }) =>
    payloads.map((payload) => ({ id: uuid(random), name, payload })),
  );
}
