/** CloudEvents 1.0 in binary mode: attributes as headers, data as the body, as HTTP, NATS and AMQP carry them. */
import { EnvelopeError, toError } from "../errors.js";
import { show } from "../runtime/options.js";
import { type AttributeValue, checkName, timeText } from "./attributes.js";
import { dataOf, decode } from "./cloudevents.js";
import type { Envelope } from "./envelope.js";
import { attributesOf, envelopeOf } from "./envelope-attributes.js";
import { fromHeaderValue, toHeaderValue } from "./header-value.js";
import { jsonValue } from "./json-value.js";

/** How a protocol writes attributes as headers. */
export interface Binding {
  /** The first is written, all are read. */
  readonly prefixes: readonly [string, ...string[]];
  /** The header of the data's media type. */
  readonly contentType: string;
  readonly percentEncoded: boolean;
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md */
export const http: Binding = { prefixes: ["ce-"], contentType: "content-type", percentEncoded: true };
/** https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md, binary mode. */
export const nats: Binding = { prefixes: ["ce-"], contentType: "ce-datacontenttype", percentEncoded: true };
/** Application properties; `content-type` is the property of the message of that name. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md */
export const amqp: Binding = {
  prefixes: ["cloudEvents:", "cloudEvents_"],
  contentType: "content-type",
  percentEncoded: false,
};

const UTF8 = new TextEncoder();

export interface HeadersForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The headers and the body of an envelope; throws `EnvelopeError` where `encode` does. */
export function toHeaders(envelope: Envelope, binding: Binding): HeadersForm {
  const body = JSON.stringify(jsonValue(envelope.data, "data")) as string | undefined;
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, value] of attributesOf(envelope)) {
    const text = String(value);
    if (name === "datacontenttype") headers[binding.contentType] = text;
    else headers[`${binding.prefixes[0]}${name}`] = binding.percentEncoded ? toHeaderValue(text) : text;
  }
  return { headers, body: UTF8.encode(body ?? "") };
}

/**
 * The envelope of a message in binary mode, or in structured mode where its media type says so. Headers without the
 * prefix of the binding are not looked at. `receivedAt` stands for a time that is absent. Throws `EnvelopeError` and
 * nothing else.
 */
export function fromHeaders(
  message: { readonly headers: Readonly<Record<string, unknown>>; readonly body: string | Uint8Array },
  binding: Binding,
  receivedAt: number,
): Envelope {
  const attributes = new Map<string, AttributeValue>();
  let mediaType: string | undefined;
  for (const [header, value] of Object.entries(message.headers)) {
    if (value === undefined) continue; // Node types its headers so
    const name = header.toLowerCase();
    if (name === "content-type" && isStructured(value)) return decode(message.body, receivedAt);
    if (name === binding.contentType) mediaType = textOf(name, value);
    else collect(attributes, attributeName(name, binding), value, binding);
  }
  if (mediaType !== undefined) attributes.set("datacontenttype", mediaType);
  return envelopeOf(attributes, dataOf(message.body, mediaType), receivedAt);
}

function isStructured(value: unknown): boolean {
  const batch = typeof value === "string" && /^application\/cloudevents-batch\b/i.test(value);
  if (batch) throw new EnvelopeError("content-type", "it is a batch", "Send one event per message.");
  return typeof value === "string" && /^application\/cloudevents\b/i.test(value);
}

function attributeName(header: string, { prefixes }: Binding): string | undefined {
  const prefix = prefixes.find((each) => header.startsWith(each.toLowerCase()));
  return prefix === undefined ? undefined : header.slice(prefix.length);
}

function collect(
  attributes: Map<string, AttributeValue>,
  name: string | undefined,
  value: unknown,
  binding: Binding,
): void {
  if (name === undefined) return;
  checkName(name);
  if (name === "datacontenttype") {
    throw new EnvelopeError(name, "it is a header of its own", `Send it as ${binding.contentType}.`);
  }
  if (attributes.has(name)) throw new EnvelopeError(name, "it is there twice", "Send each attribute once.");
  attributes.set(name, attributeValue(name, value, binding));
}

/** AMQP hands over native values as well as texts. */
function attributeValue(name: string, value: unknown, binding: Binding): AttributeValue {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (value instanceof Date) return timeText(name, value.getTime());
  const text = textOf(name, value);
  if (!binding.percentEncoded) return text;
  try {
    return fromHeaderValue(text);
  } catch (error) {
    const problem = `${show(text)} is not percent-encoded UTF-8`;
    throw new EnvelopeError(name, problem, "Look at who sent it.", { cause: toError(error) });
  }
}

function textOf(name: string, value: unknown): string {
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof only === "string") return only;
  throw new EnvelopeError(name, `expected one text, got ${show(value)}`, "Send each attribute once.");
}
