/** The JSON format, against the rules of the specification and against the official package. */
import { CloudEvent, HTTP } from "cloudevents";
import { describe, expect, test } from "vitest";

import { decode, encode } from "../../src/event/cloudevents.js";
import type { Envelope } from "../../src/event/envelope.js";
import { Event } from "../../src/event/event.js";
import { seal } from "../../src/event/envelope.js";
import { revive } from "../../src/event/revive.js";
import { envelope, fullEnvelope, refused, TIME } from "./envelopes.js";

const NOW = 1_000;
const CLOUD_EVENT = { specversion: "1.0", id: "1", source: "/s", type: "com.example.done" };

const decoded = (differs: object): Envelope => decode(JSON.stringify({ ...CLOUD_EVENT, ...differs }), NOW);

describe("an encoded envelope", () => {
  test("comes back as it was, with and without its optional parts", () => {
    for (const sent of [envelope(), fullEnvelope()]) {
      const back = decode(encode(sent), NOW);
      expect(back).toEqual(sent);
      expect(Object.isFrozen(back)).toBe(true);
      expect(decode(new TextEncoder().encode(encode(sent)), NOW)).toEqual(sent);
    }
  });

  test("has the attributes of CloudEvents, the known extensions and Signalbox's own", () => {
    expect(JSON.parse(encode(fullEnvelope()))).toEqual({
      specversion: "1.0",
      id: "e-1",
      source: "/shop",
      type: "shop.order.placed",
      time: "2026-01-02T03:04:05.678Z",
      datacontenttype: "application/json",
      correlationid: "e-0",
      causationid: "e-0",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      partitionkey: 'café "50%" 😀, /a?b',
      expirytime: "2026-01-02T03:05:05.678Z",
      signalboxdue: "2026-01-02T03:04:06.678Z",
      signalboxversion: 7,
      signalboxpriority: 0,
      signalboxhops: 4,
      signalboxheaders: '{"tenant":"t-1","X-Who":"Zoë \\u007f\\ttab 😀 100%"}',
      data: { orderId: "o-1", total: 12.5, lines: [{ sku: "a" }, null, true] },
    });
  });

  test("leaves out what is at its default", () => {
    expect(Object.keys(JSON.parse(encode(envelope())) as object)).toEqual([
      "specversion",
      "id",
      "source",
      "type",
      "time",
      "datacontenttype",
      "correlationid",
      "data",
    ]);
  });

  test("names its attributes in lower-case letters and digits, in 20 characters at most", () => {
    const { data: _, ...attributes } = JSON.parse(encode(fullEnvelope())) as Record<string, unknown>;
    for (const name of Object.keys(attributes)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });

  test("carries a sealed event, which revives on the other side", () => {
    class Placed extends Event("shop.order.placed", { version: 2 })<{ orderId: string; at?: Date }> {}
    const sealed = seal(new Placed({ orderId: "o-1" }), envelope());
    const back = decode(encode(sealed), NOW);
    expect([back.name, back.version]).toEqual(["shop.order.placed", 2]);
    const event = revive(Placed, back.data, back.version);
    expect(event).toBeInstanceOf(Placed);
    expect(event.orderId).toBe("o-1");
  });

  test("may be of 64 KiB and far more", () => {
    const sent = envelope({ data: { text: "x".repeat(1_000_000) } });
    expect(decode(encode(sent), NOW)).toEqual(sent);
  });

  test.each<[string, Partial<Envelope>, string]>([
    ["an empty id", { id: "" }, "id"],
    ["an id that is no text", { id: 3 as never }, "id"],
    ["an empty source", { source: "" }, "source"],
    ["a source that is no URI reference", { source: "my shop" }, "source"],
    ["an id with a line break", { id: "a\nb" }, "id"],
    ["an id with a lone surrogate", { id: "a\ud800" }, "id"],
    ["an id with a noncharacter", { id: "a\ufffe" }, "id"],
    ["a key with a control character", { key: "a\u0085" }, "partitionkey"],
    ["an empty key", { key: "" }, "partitionkey"],
    ["a time that is none", { time: Number.NaN }, "time"],
    ["a time after the year 9999", { expiresAt: 1e15 }, "expirytime"],
    ["a header whose value begins another", { headers: { a: "x\r\nb: y" } }, "signalboxheaders"],
    ["a header whose name begins another", { headers: { "a\r\nb": "x" } }, "signalboxheaders"],
    ["a header with NUL", { headers: { a: "x\0" } }, "signalboxheaders"],
    ["a header that is no text", { headers: { a: 3 as never } }, "signalboxheaders"],
    ["data that do not survive JSON", { data: { at: [{ price: 1n }] } }, "data.at[0].price"],
  ])("is refused with %s, by the path of it", (_, differs, path) => {
    expect(refused(() => encode(envelope(differs))).path).toBe(path);
  });
});

describe("a CloudEvent from somebody else", () => {
  test("needs four attributes only; what is absent has a default", () => {
    const event = decoded({});
    expect(event).toMatchObject({
      id: "1",
      name: "com.example.done",
      version: 1,
      time: NOW,
      source: "/s",
      priority: 3,
      hops: 0,
      correlation: "1",
    });
    expect([event.key, event.dueAt, event.expiresAt, event.cause, event.trace, event.data]).toEqual(
      Array(6).fill(undefined),
    );
    expect(Object.getPrototypeOf(event.headers)).toBeNull();
  });

  test.each(["specversion", "id", "source", "type"])(
    "is refused without %s, and with null or nothing in it",
    (name) => {
      expect(refused(() => decoded({ [name]: undefined })).path).toBe(name);
      expect(refused(() => decoded({ [name]: null })).path).toBe(name);
      expect(refused(() => decoded({ [name]: "" })).path).toBe(name);
      expect(refused(() => decoded({ [name]: 5 })).path).toBe(name);
    },
  );

  test.each<[object, string]>([
    [{ specversion: "0.3" }, "specversion"],
    [{ time: "2026-02-30T00:00:00Z" }, "time"],
    [{ time: 1_700_000_000 }, "time"],
    [{ source: "a b" }, "source"],
    [{ source: "%zz" }, "source"],
    [{ dataschema: "relative/path" }, "dataschema"],
    [{ dataschema: "" }, "dataschema"],
    [{ subject: "" }, "subject"],
    [{ datacontenttype: "json" }, "datacontenttype"],
    [{ id: "a\u0000" }, "id"],
    [{ ext: { nested: true } }, "ext"],
    [{ ext: [1] }, "ext"],
    [{ ext: 1.5 }, "ext"],
    [{ ext: 2_147_483_648 }, "ext"],
    [{ signalboxversion: 0 }, "signalboxversion"],
    [{ signalboxpriority: 8 }, "signalboxpriority"],
    [{ signalboxhops: -1 }, "signalboxhops"],
    [{ signalboxhops: "01" }, "signalboxhops"],
    [{ signalboxheaders: "no json" }, "signalboxheaders"],
    [{ signalboxheaders: "[]" }, "signalboxheaders"],
    [{ signalboxheaders: '{"a":1}' }, "signalboxheaders"],
    [{ signalboxheaders: '{"__proto__":"x"}' }, "signalboxheaders"],
    [{ expirytime: "soon" }, "expirytime"],
    [{ constructor: "x" }, '`"constructor"` (string)'],
    [{ "Upper-Case": "x" }, '`"Upper-Case"` (string)'],
    [{ data: {}, data_base64: "" }, "data"],
    [{ data_base64: "a" }, "data_base64"],
    [{ data_base64: "****" }, "data_base64"],
    [{ data: {}, datacontenttype: "text/xml" }, "data"],
  ])("is refused with %j", (differs, path) => {
    expect(refused(() => decoded(differs)).path).toBe(path);
  });

  test("is read with null for what is absent, and with extensions of any simple type", () => {
    expect(
      decoded({ time: null, subject: null, myext: true, other: 5, text: "x", partitionkey: "k" }).key,
    ).toBe("k");
  });

  test.each([
    [{ data: "<a/>", datacontenttype: "application/xml" }, "<a/>"],
    [{ data: "text", datacontenttype: "application/json" }, "text"],
    [{ data: null }, null],
    [{ data: [2], datacontenttype: 'application/json; charset="utf-8"' }, [2]],
    [{ data: [1], datacontenttype: "application/vnd.api+json; charset=utf-8" }, [1]],
    [{ data_base64: "AQID", datacontenttype: "application/octet-stream" }, new Uint8Array([1, 2, 3])],
    [{ data_base64: "AQID" }, new Uint8Array([1, 2, 3])],
    [{ data_base64: btoa('{"a":1}'), datacontenttype: "application/json" }, { a: 1 }],
  ])("has the data of %j", (differs, data) => {
    expect(decoded(differs).data).toEqual(data);
  });

  test.each(["__proto__", "constructor", "prototype"])(
    "is refused with the own key %s anywhere in its data",
    (key) => {
      const wire = JSON.stringify({ ...CLOUD_EVENT, data: { a: [{ KEY: { admin: true } }] } }).replace(
        "KEY",
        key,
      );
      expect(refused(() => decode(wire, NOW)).path).toBe(`data.a[0].${key}`);
      const top = JSON.stringify({ ...CLOUD_EVENT, KEY: "x" }).replace("KEY", key);
      expect(refused(() => decode(top, NOW)).path).toContain(key);
    },
  );

  test("is refused with data nested more than 200 deep, without a stack overflow", () => {
    const wire = (depth: number) =>
      JSON.stringify(CLOUD_EVENT).replace("}", `,"data":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    expect(decode(wire(200), NOW).id).toBe("1");
    expect(refused(() => decode(wire(201), NOW)).message).toContain("nested more than 200 deep");
    expect(refused(() => decode(wire(500_000), NOW)).message).toContain("nested more than 200 deep");
  });

  test.each([
    ["", ""],
    ["no JSON", "{"],
    ["an array", "[]"],
    ["null", "null"],
    ["a number", "3"],
    ["broken UTF-8", Buffer.from(JSON.stringify({ ...CLOUD_EVENT, text: "\u00e9" }), "latin1")],
  ])("is not %s", (_, wire) => {
    expect(refused(() => decode(wire, NOW)).path).toBe("envelope");
  });
});

describe("the official package", () => {
  test("takes what is encoded here, under its strict rules", () => {
    for (const sent of [envelope(), fullEnvelope()]) {
      const theirs = new CloudEvent(JSON.parse(encode(sent)) as Partial<CloudEvent<unknown>>, true);
      expect(theirs.validate()).toBe(true);
      expect(theirs).toMatchObject({ id: sent.id, type: sent.name, source: sent.source, data: sent.data });
      const structured = HTTP.toEvent({
        headers: { "content-type": "application/cloudevents+json" },
        body: encode(sent),
      });
      expect(structured).toMatchObject({ id: sent.id, time: "2026-01-02T03:04:05.678Z" });
      expect((structured as CloudEvent<unknown>)["partitionkey"]).toBe(sent.key);
    }
  });

  test("gives what is decoded here", () => {
    const theirs = new CloudEvent({
      type: "a.b",
      source: "https://a.example/x",
      time: new Date(TIME).toISOString(),
      data: { n: [1] },
      subject: "s",
      partitionkey: "k",
      signalboxhops: 2,
    });
    const { body } = HTTP.structured(theirs);
    expect(decode(String(body), NOW)).toMatchObject({
      id: theirs.id,
      name: "a.b",
      time: TIME,
      key: "k",
      hops: 2,
      data: { n: [1] },
    });
    const binary = new CloudEvent({
      type: "a.b",
      source: "/x",
      data: new Uint8Array([1, 2]),
      datacontenttype: "application/octet-stream",
    });
    expect(decode(JSON.stringify(binary), NOW).data).toEqual(new Uint8Array([1, 2]));
  });
});
