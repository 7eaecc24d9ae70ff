/**
 * The codec of CloudEvents 1.0 in its JSON format.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
import { EnvelopeError, toError } from "../errors.js";
import { show } from "../runtime/options.js";
import { type AttributeValue, checkName, isAttributeValue } from "./attributes.js";
import type { Envelope } from "./envelope.js";
import { attributesOf, envelopeOf } from "./envelope-attributes.js";
import { jsonValue } from "./json-value.js";

/** The media type of what `encode` gives. */
export const MEDIA_TYPE = "application/cloudevents+json";

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The JSON of an envelope. Throws an `EnvelopeError` with the path of whatever does not survive JSON, is nested more
 * than 200 deep, or breaks a rule of CloudEvents.
 */
export function encode(envelope: Envelope): string {
  const data = jsonValue(envelope.data, "data");
  return JSON.stringify({ ...Object.fromEntries(attributesOf(envelope)), data });
}

/**
 * The envelope of a CloudEvent in JSON, its data as plain values (bytes, where they are binary). `receivedAt`, in
 * milliseconds since the epoch, stands for a time that is absent. Throws `EnvelopeError` and nothing else.
 */
export function decode(wire: string | Uint8Array, receivedAt: number): Envelope {
  const members = parsed(wire, "envelope");
  if (typeof members !== "object" || members === null || Array.isArray(members)) {
    throw malformed("envelope", `expected a JSON object, got ${show(members)}`);
  }
  const { data, data_base64, ...rest } = members as Record<string, unknown>;
  const attributes = new Map(Object.entries(rest).flatMap(([name, value]) => attribute(name, value)));
  const type = attributes.get("datacontenttype");
  return envelopeOf(
    attributes,
    data_base64 === undefined || data_base64 === null ? plain(data, type) : binary(data, data_base64, type),
    receivedAt,
  );
}

/** What a body holds: JSON where its media type says so or says nothing, else text or bytes. */
export function dataOf(body: string | Uint8Array, mediaType: AttributeValue | undefined): unknown {
  if (isJson(mediaType)) return body.length === 0 ? undefined : jsonValue(parsed(body, "data"), "data");
  return body;
}

function attribute(name: string, value: unknown): [string, AttributeValue][] {
  checkName(name);
  if (value === null) return []; // the same as absent
  if (isAttributeValue(value)) return [[name, value]];
  throw malformed(name, `expected a text, an integer or a boolean, got ${show(value)}`);
}

function plain(data: unknown, mediaType: AttributeValue | undefined): unknown {
  if (data === undefined || typeof data === "string" || isJson(mediaType)) {
    return data === undefined ? undefined : jsonValue(data, "data");
  }
  throw malformed("data", `expected text of the type ${String(mediaType)}, got ${show(data)}`);
}

function binary(data: unknown, base64: unknown, mediaType: AttributeValue | undefined): unknown {
  if (data !== undefined) throw malformed("data", "both data and data_base64 are there");
  if (typeof base64 !== "string" || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw malformed("data_base64", `expected base64, got ${show(base64)}`);
  }
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  return mediaType === undefined ? bytes : dataOf(bytes, mediaType);
}

/** Whether the subtype is `json` or ends with `+json`, whatever its parameters; absent is JSON too. */
function isJson(mediaType: AttributeValue | undefined): boolean {
  return mediaType === undefined || /^[^/;]+\/(?:[^;]*\+)?json\s*(?:;|$)/i.test(String(mediaType));
}

function parsed(wire: string | Uint8Array, path: string): unknown {
  try {
    const text = typeof wire === "string" ? wire : UTF8.decode(wire);
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new EnvelopeError(path, "not JSON in UTF-8", "Look at who sent it.", { cause: toError(error) });
  }
}

function malformed(path: string, problem: string): EnvelopeError {
  return new EnvelopeError(path, problem, "Look at who sent it: it is no CloudEvent.");
}
