/** An envelope as attributes of CloudEvents, and back. */
import { EnvelopeError, toError } from "../errors.js";
import { show } from "../runtime/options.js";
import {
  type Attributes,
  type AttributeValue,
  checkAttributes,
  integerOf,
  optionalTextOf,
  textOf,
  timeOf,
  timeText,
} from "./attributes.js";
import type { Envelope, EventHeaders, Priority } from "./envelope.js";
import { headersOf } from "./headers.js";

// Known extensions where there are some (correlation, partitioning, distributed tracing, expiry time); the rest is ours.
const VERSION = "signalboxversion";
const PRIORITY = "signalboxpriority";
const HOPS = "signalboxhops";
const DUE = "signalboxdue";
const HEADERS = "signalboxheaders";

const VERSIONS = { least: 1, most: 2_147_483_647, default: 1 } as const;
const PRIORITIES = { least: 0, most: 7, default: 3 } as const;
const HOP_COUNTS = { least: 0, most: 2_147_483_647, default: 0 } as const;

/** Every attribute of an envelope that is not at its default; checked against the rules of CloudEvents. */
export function attributesOf(envelope: Envelope): Attributes {
  const attributes = new Map<string, AttributeValue>([
    ["specversion", "1.0"],
    ["id", envelope.id],
    ["source", envelope.source],
    ["type", envelope.name],
    ["time", timeText("time", envelope.time)],
    ["datacontenttype", "application/json"],
    ["correlationid", envelope.correlation],
  ]);
  const put = (name: string, value: AttributeValue | undefined, unless?: AttributeValue): void => {
    if (value !== undefined && value !== unless) attributes.set(name, value);
  };
  put("causationid", envelope.cause);
  put("traceparent", envelope.trace);
  put("partitionkey", keyText(envelope.key));
  put("expirytime", optionalTime("expirytime", envelope.expiresAt));
  put(DUE, optionalTime(DUE, envelope.dueAt));
  put(VERSION, envelope.version, VERSIONS.default);
  put(PRIORITY, envelope.priority, PRIORITIES.default);
  put(HOPS, envelope.hops, HOP_COUNTS.default);
  put(HEADERS, headersText(envelope.headers));
  checkAttributes(attributes);
  return attributes;
}

/** The frozen envelope of attributes that were received; `receivedAt` stands for a time that is absent. */
export function envelopeOf(attributes: Attributes, data: unknown, receivedAt: number): Envelope {
  checkAttributes(attributes);
  const id = textOf(attributes, "id");
  return Object.freeze({
    id,
    name: textOf(attributes, "type"),
    version: integerOf(attributes, VERSION, VERSIONS),
    time: timeOf(attributes, "time") ?? receivedAt,
    source: textOf(attributes, "source"),
    key: optionalTextOf(attributes, "partitionkey"),
    priority: integerOf(attributes, PRIORITY, PRIORITIES) as Priority,
    dueAt: timeOf(attributes, DUE),
    expiresAt: timeOf(attributes, "expirytime"),
    correlation: optionalTextOf(attributes, "correlationid") ?? id,
    cause: optionalTextOf(attributes, "causationid"),
    hops: integerOf(attributes, HOPS, HOP_COUNTS),
    trace: optionalTextOf(attributes, "traceparent"),
    headers: headersFrom(optionalTextOf(attributes, HEADERS)),
    data: data as object,
  });
}

function optionalTime(name: string, milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : timeText(name, milliseconds);
}

function keyText(key: string | undefined): string | undefined {
  if (key !== "") return key;
  throw new EnvelopeError("partitionkey", "the key is empty", "Give undefined where there is no order.");
}

/**
 * All headers as one attribute, a JSON object: names keep their case and values their characters, whatever the protocol
 * does to headers, and none is taken for a header of the protocol.
 */
function headersText(headers: EventHeaders): string | undefined {
  const entries = Object.entries(guarded(() => headersOf(headers)));
  if (entries.length === 0) return undefined;
  return JSON.stringify(Object.fromEntries(entries)).replaceAll(
    /[\p{Cc}\p{Noncharacter_Code_Point}]/gu,
    escaped,
  );
}

function headersFrom(text: string | undefined): EventHeaders {
  if (text === undefined) return headersOf();
  const parsed: unknown = guarded(() => JSON.parse(text));
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return guarded(() => headersOf(parsed as EventHeaders));
  }
  throw new EnvelopeError(HEADERS, `expected an object of texts, got ${show(parsed)}`, "Send a JSON object.");
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new EnvelopeError(HEADERS, toError(error).message, "Send texts without line breaks.", {
      cause: error,
    });
  }
}
