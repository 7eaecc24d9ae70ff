/**
 * Values of attributes as values of headers.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */

/* Most values need nothing, and looking is cheaper than replacing. */
const NEEDS_ENCODING = /[^\u0021\u0023\u0024\u0026-\u007e]/;
const NEEDS_DECODING = /[%"\s]/;

/** Percent-encodes everything but printable ASCII, and space, double quote and percent. */
export function toHeaderValue(text: string): string {
  if (!NEEDS_ENCODING.test(text)) return text;
  return text.replaceAll(/[^\u0021\u0023\u0024\u0026-\u007e]+/g, percentEncoded);
}

/** Undoes quotes and one round of percent-encoding; throws a `URIError` where the bytes are no UTF-8. */
export function fromHeaderValue(value: string): string {
  if (!NEEDS_DECODING.test(value)) return value;
  return decodeURIComponent(unquoted(value.trim()).replaceAll(/%(?![0-9A-Fa-f]{2})/g, "%25"));
}

function percentEncoded(part: string): string {
  return Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(
    "",
  );
}

function unquoted(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replaceAll(/\\(.)/gs, "$1");
}
