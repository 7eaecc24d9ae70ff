/** Binary mode, against the rules of the bindings and against the official package. */
import { CloudEvent, HTTP } from "cloudevents";
import { describe, expect, test } from "vitest";

import { encode } from "../../src/event/cloudevents.js";
import {
  amqp,
  type Binding,
  fromHeaders,
  http,
  nats,
  toHeaders,
} from "../../src/event/cloudevents-headers.js";
import { envelope, fullEnvelope, refused, TIME } from "./envelopes.js";

const NOW = 1_000;
const HEADERS = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "a.b" };
const BINDINGS: [string, Binding][] = [
  ["HTTP", http],
  ["NATS", nats],
  ["AMQP", amqp],
];

const received = (headers: object, body: string | Uint8Array = "", binding = http) =>
  fromHeaders({ headers: { ...HEADERS, ...headers }, body }, binding, NOW);

describe("an envelope as headers and a body", () => {
  test.each(BINDINGS)("comes back over %s as it was", (_, binding) => {
    for (const sent of [envelope(), fullEnvelope()]) {
      expect(fromHeaders(toHeaders(sent, binding), binding, NOW)).toEqual(sent);
    }
  });

  test.each(BINDINGS)(
    "has over %s headers without a prototype, and data as JSON for a body",
    (_, binding) => {
      const { headers, body } = toHeaders(envelope(), binding);
      expect(Object.getPrototypeOf(headers)).toBeNull();
      expect(JSON.parse(new TextDecoder().decode(body))).toEqual(envelope().data);
    },
  );

  test("has the prefix and the content type of its binding", () => {
    const names = (binding: Binding) => Object.keys(toHeaders(envelope(), binding).headers);
    expect(names(http)).toEqual([
      "ce-specversion",
      "ce-id",
      "ce-source",
      "ce-type",
      "ce-time",
      "content-type",
      "ce-correlationid",
    ]);
    expect(names(nats)).toContain("ce-datacontenttype");
    expect(names(nats)).not.toContain("content-type");
    expect(names(amqp)).toEqual(expect.arrayContaining(["cloudEvents:id", "content-type"]));
  });

  test.each([
    ["HTTP", http],
    ["NATS", nats],
  ])("is printable ASCII without spaces and quotes over %s", (_, binding) => {
    const sent = envelope({ id: 'Euro € 😀 "50%"' });
    const { headers } = toHeaders(sent, binding);
    expect(headers["ce-id"]).toBe("Euro%20%E2%82%AC%20%F0%9F%98%80%20%2250%25%22");
    for (const value of Object.values(toHeaders(fullEnvelope(), binding).headers))
      expect(value).toMatch(/^[!-~]+$/);
  });

  test("keeps the user's headers in one attribute, so that none is taken for one of the protocol", () => {
    const { headers } = toHeaders(envelope({ headers: { "content-length": "9", "ce-id": "other" } }), http);
    expect(headers["content-length"]).toBeUndefined();
    expect(headers["ce-id"]).toBe("e-1");
    expect(fromHeaders({ headers, body: "{}" }, http, NOW).headers).toEqual({
      "content-length": "9",
      "ce-id": "other",
    });
  });

  test("has an empty body where there are no data", () => {
    const sent = envelope({ data: undefined as never });
    expect(toHeaders(sent, http).body).toHaveLength(0);
    expect(fromHeaders(toHeaders(sent, http), http, NOW).data).toBeUndefined();
  });
});

describe("a message in binary mode", () => {
  test("is read whatever the case of its headers, with strangers left alone", () => {
    const { id, name } = received(
      { "CE-ID": undefined, "ce-id": undefined, "Ce-Id": "2", host: "a", "x-b": ["1", "2"] } as object,
      "",
      http,
    );
    expect([id, name]).toEqual(["2", "a.b"]);
  });

  test.each([
    ["%45uro%20", "Euro "],
    ["%e2%82%ac", "€"],
    ['"a \\"quoted\\" \\\\ %41"', 'a "quoted" \\ A'],
    ["100%", "100%"],
    ["%2541", "%41"],
  ])("has its value %s decoded once", (value, text) => {
    expect(received({ "ce-partitionkey": value }).key).toBe(text);
  });

  test.each([
    [{ "ce-id": "%C0%A0" }, "id"],
    [{ "ce-id": "a%0D%0Ab" }, "id"],
    [{ "ce-id": "a\r\nb" }, "id"],
    [{ "ce-id": ["1", "2"] }, "id"],
    [{ "CE-id": "3" }, "id"],
    [{ "ce-datacontenttype": "text/plain" }, "datacontenttype"],
    [{ "ce-my-ext": "x" }, '`"my-ext"` (string)'],
    [{ "ce-data": "x" }, '`"data"` (string)'],
    [{ "ce-constructor": "x" }, '`"constructor"` (string)'],
    [{ "ce-time": "now" }, "time"],
    [{ "content-type": "nonsense" }, "datacontenttype"],
    [{ "content-type": ["a/b", "c/d"] }, "content-type"],
    [{ "content-type": "application/cloudevents-batch+json" }, "content-type"],
  ])("is refused with %j", (headers, path) => {
    expect(refused(() => received(headers)).path).toBe(path);
  });

  test("is refused without one of the four attributes", () => {
    for (const name of Object.keys(HEADERS)) {
      expect(refused(() => received({ [name]: undefined })).path).toBe(name.slice(3));
    }
  });

  test("has bytes for data of a type that is not JSON", () => {
    const bytes = new Uint8Array([1, 2]);
    expect(received({ "content-type": "image/png" }, bytes).data).toEqual(bytes);
    expect(refused(() => received({ "content-type": "application/json" }, bytes)).path).toBe("data");
    expect(refused(() => received({}, '{"a":{"__proto__":1}}')).path).toBe("data.a.__proto__");
  });

  test("is read in structured mode where its content type says so", () => {
    const headers = { "Content-Type": "application/cloudevents+json; charset=utf-8" };
    expect(fromHeaders({ headers, body: encode(fullEnvelope()) }, http, NOW)).toEqual(fullEnvelope());
  });

  test("may come over AMQP with native values and with the other prefix", () => {
    const headers = {
      cloudEvents_specversion: "1.0",
      "cloudEvents:id": "100%",
      cloudEvents_source: "/s",
      "cloudEvents:type": "a.b",
      "cloudEvents:time": new Date(TIME),
      "cloudEvents:signalboxhops": 3,
      "cloudEvents:flag": true,
    };
    expect(fromHeaders({ headers, body: "" }, amqp, NOW)).toMatchObject({ id: "100%", time: TIME, hops: 3 });
  });
});

describe("the official package over HTTP in binary mode", () => {
  test("takes what is sent from here", () => {
    const { headers, body } = toHeaders(envelope({ key: "k", hops: 2 }), http);
    const theirs = HTTP.toEvent({
      headers: { ...headers },
      body: new TextDecoder().decode(body),
    }) as CloudEvent<unknown>;
    expect(theirs).toMatchObject({
      id: "e-1",
      type: "shop.order.placed",
      partitionkey: "k",
      time: "2026-01-02T03:04:05.678Z",
      data: envelope().data,
    });
    expect(theirs.validate()).toBe(true);
  });

  test("sends what is taken here", () => {
    const theirs = new CloudEvent({
      type: "a.b",
      source: "/x",
      data: { n: 1 },
      partitionkey: "k",
      subject: "s",
      datacontenttype: "application/json",
    });
    const { headers, body } = HTTP.binary(theirs);
    expect(fromHeaders({ headers, body: String(body) }, http, NOW)).toMatchObject({
      id: theirs.id,
      key: "k",
      data: { n: 1 },
    });
  });
});
