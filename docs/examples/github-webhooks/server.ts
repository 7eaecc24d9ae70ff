// The HTTP server that GitHub would call: reads, verifies the signature, hands on, answers.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { verify } from "@octokit/webhooks-methods";
import type { Intake } from "./intake.js";
import { listen, type Listening } from "./listen.js";

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter?: number; // seconds
}

const ANSWERS = {
  published: { status: 202, text: "accepted" },
  unknown: { status: 400, text: "no such event" },
  busy: { status: 503, text: "busy, send it again", retryAfter: 1 },
} as const satisfies Record<string, Answer>;

export function receiveWebhooks(intake: Intake, secret: string): Promise<Listening> {
  return listen((request, response) => {
    answerTo(request, intake, secret)
      .catch((error: unknown): Answer => ({ status: 500, text: String(error) }))
      .then((answer) => send(response, answer))
      .catch(() => response.destroy());
  });
}

async function answerTo(request: IncomingMessage, intake: Intake, secret: string): Promise<Answer> {
  const name = headerOf(request, "x-github-event");
  const id = headerOf(request, "x-github-delivery");
  const signature = headerOf(request, "x-hub-signature-256");
  const body = (await buffer(request)).toString("utf8");
  if (!name || !id) return { status: 400, text: "not a webhook of GitHub" };
  if (!signature || !(await verify(secret, body, signature))) return { status: 401, text: "wrong signature" };
  const payload: unknown = JSON.parse(body);
  if (typeof payload !== "object" || payload === null) return { status: 400, text: "no payload" };
  return ANSWERS[await intake.take(name, id, payload)];
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

async function send(response: ServerResponse, { status, text, retryAfter }: Answer): Promise<void> {
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  response.writeHead(status, { "content-type": "text/plain" }).end(text);
  await once(response, "close");
}
