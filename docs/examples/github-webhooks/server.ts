// The HTTP server that GitHub calls: reads, verifies the signature, hands on, answers.
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { verify } from "@octokit/webhooks-methods";
import type { Intake } from "./intake.js";
import { listen, type Listening } from "./listen.js";

interface Answer {
  readonly status: number;
  readonly says: string;
  readonly headers?: { readonly "retry-after": string }; // seconds
}

const ANSWERS = {
  published: { status: 202, says: "accepted" },
  unknown: { status: 400, says: "no such event" },
  busy: { status: 503, says: "busy, send it again", headers: { "retry-after": "1" } },
} as const satisfies Record<string, Answer>;

export function receiveWebhooks(intake: Intake, secret: string): Promise<Listening> {
  return listen(async (request, response) => {
    const { status, says, headers }: Answer = await answerTo(request, intake, secret).catch(sorry);
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(says);
  });
}

async function answerTo(request: IncomingMessage, intake: Intake, secret: string): Promise<Answer> {
  const name = headerOf(request, "x-github-event");
  const id = headerOf(request, "x-github-delivery");
  const signature = headerOf(request, "x-hub-signature-256");
  const body = await text(request);
  if (!name || !id) return { status: 400, says: "not a webhook of GitHub" };
  if (!signature || !(await verify(secret, body, signature))) return { status: 401, says: "wrong signature" };
  const payload: unknown = JSON.parse(body);
  if (typeof payload !== "object" || payload === null) return { status: 400, says: "no payload" };
  return ANSWERS[await intake.take(name, id, payload)];
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

function sorry(error: unknown): Answer {
  return { status: 500, says: String(error) };
}
