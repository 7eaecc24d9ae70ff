/** M50 to M56: what arrives is what was published, to the last byte. */
import type { Delivery } from "../../../delivery/delivery.js";
import type { Step } from "../../../delivery/step.js";
import { Event } from "../../../index.js";
import type { PublishOptions } from "../../../index.js";
import type { CaseGroup } from "../case.js";
import { claim, claimRefused, claimSame, claimThrows } from "../claims.js";
import { wireOf } from "../hand.js";
import { noteClass } from "../notes.js";
import type { Scene } from "../scene.js";

export const fidelity: CaseGroup = {
  title: "Fidelity of data",
  about: "What arrives is what was published, to the last byte.",
  cases: [
    {
      id: "M50",
      name: "bytes",
      about:
        "A body of all 256 values, one of a byte and an empty one arrive as they were; unserialised, it is the same object.",
      run: bodies,
    },
    {
      id: "M51",
      name: "unicode",
      about:
        "Letters of every plane, right to left, combined and joined, in data, headers and key: unchanged.",
      run: unicode,
    },
    {
      id: "M52",
      name: "no way to forge a header",
      about: "CR, LF and NUL in a header or in a name are refused here, before anything is sent.",
      run: forgery,
    },
    {
      id: "M53",
      name: "sizes",
      about:
        "64 KiB of data arrive; so does the declared maximum; one byte more is refused here, and the transport goes on.",
      run: sizes,
    },
    {
      id: "M54",
      name: "names",
      about:
        "All that the rule for names allows, up to 128 bytes, for events and groups; what it forbids is a `TypeError`.",
      run: names,
    },
    {
      id: "M55",
      name: "context passes through",
      about:
        "traceparent, tracestate and baggage as headers, the cause and the correlation over three events: unchanged.",
      run: context,
    },
    {
      id: "M56",
      name: "where it was received",
      about:
        "Whether it is handled or fails, handler and step see the event's name, the subscription and the id.",
      run: address,
    },
  ],
};

async function bodies(scene: Scene): Promise<void> {
  const { eventName } = scene.notes();
  const { serialises } = scene.features;
  const hand = await scene.hand();
  await hand.declare(scene.name("reader"), eventName);
  const sent = [Uint8Array.from({ length: 256 }, (_, at) => at), Uint8Array.of(7), new Uint8Array(0)];
  const wires = sent.map((body, at) => {
    const wire = wireOf(eventName, { id: `b-${at}` }, serialises);
    return serialises ? { ...wire, body } : wire;
  });
  await hand.send(...wires);
  await hand.has(3);
  for (const [at, { envelope }] of hand.items.entries()) {
    const body = "body" in envelope ? envelope.body : undefined;
    if (!serialises)
      claim(body === wires[at]!.body, "An event that is not serialised arrived as another object.");
    else claimSame([...(body as Uint8Array)], [...sent[at]!], `body ${at}`);
  }
}

const SCRIPTS = ["Größe", "日本語", "𝒜𝓁𝑒𝓅𝒽", "שלום‏", "e\u0301\u0323", "👩‍👩‍👧‍👦", "\u{10FFFD}", "a\u2028b"];

async function unicode(scene: Scene): Promise<void> {
  const Note = scene.features.order === "none" ? scene.notes() : scene.keyedNotes();
  const got = new Map<string, unknown>();
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      handler: ({ id, body }, { headers, key }) => void got.set(id, [body, headers["x-text"], key]),
    }),
  );
  for (const [at, text] of SCRIPTS.entries())
    await written(scene, bus, new Note({ id: `w0-${at}`, body: text, key: text }), {
      headers: { "x-text": text },
    });
  await scene.allRead();
  const isKeyed = scene.features.order !== "none";
  for (const [at, text] of SCRIPTS.entries())
    claimSame(
      got.get(`w0-${at}`),
      [text, text, isKeyed ? text : undefined],
      `data, header and key of ${text}`,
    );
}

async function forgery(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }), {
    transport,
  });
  for (const text of ["a\r\nx-forged: 1", "a\nb", "a\rb", "a\0b"]) {
    const publish = bus.publish(new Note({ id: "w0-0" }), { headers: { "x-text": text } });
    await claimRefused(publish, "TypeError", `the header ${JSON.stringify(text)}`);
    claimThrows(
      () => noteClass(scene.name(text), false),
      "TypeError",
      `the event name ${JSON.stringify(text)}`,
    );
  }
  claimSame(transport.count("send"), 0, "how often something was sent");
  await scene.write(bus, Note, { writers: 1, each: 1, from: 1 });
  await scene.allRead();
}

const KIB = 1_024;
const TRIED_MAX = 16 * KIB * KIB;

async function sizes(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const { bodyBytesMax: max } = scene.features;
  const got = new Map<string, number>();
  const bus = await scene.started((on) =>
    scene.listen(on, Note, {
      name: scene.name("reader"),
      handler: ({ id, body }) => void got.set(id, body?.length ?? 0),
    }),
  );
  const around = JSON.stringify({ id: "w0-0", body: "" }).length;
  const fitting = [64 * KIB, ...(max <= TRIED_MAX ? [max] : [])].map((size) => size - around);
  for (const [at, size] of fitting.entries())
    await written(scene, bus, new Note({ id: `w0-${at}`, body: "x".repeat(size) }));
  if (max <= TRIED_MAX) {
    const tooLarge = bus.publish(new Note({ id: "w1-0", body: "x".repeat(max - around + 1) }));
    await claimRefused(
      scene.time.within(tooLarge, "publish()"),
      "SIGNALBOX_ENVELOPE",
      "a byte more than the maximum",
    );
  }
  await written(scene, bus, new Note({ id: "w2-0" }));
  await scene.allRead();
  for (const [at, size] of fitting.entries())
    claimSame(got.get(`w0-${at}`), size, `the length of body ${at}`);
}

async function names(scene: Scene): Promise<void> {
  const base = scene.name("n"); // of two tokens
  const rest = `.${"a-_9".repeat(16)}`.repeat(2);
  const allowed = [base, `${base}${rest}`.slice(0, 128), `${base}${".t".repeat(14)}`, `${base}.0.-._`];
  const classes = allowed.map((name) => noteClass(name.replace(/\.$/, ""), false));
  const bus = await scene.started((on) => {
    for (const [at, each] of classes.entries()) {
      const group = allowed[at]!.replace(/\.$/, "").toUpperCase().slice(0, 128);
      scene.listen(on, each, { name: group });
    }
  });
  for (const [from, each] of classes.entries()) await scene.write(bus, each, { writers: 1, each: 1, from });
  await scene.allRead();
  claimSame(scene.census.readCount, classes.length, "how many of the longest names were received");
  const long = "a".repeat(64);
  const forbidden = [
    "",
    "A.b",
    "a..b",
    ".a",
    "a.",
    "a b",
    "a.*",
    "a.>",
    "ä",
    `${long}a`,
    `${long}.${long}`,
    "a.".repeat(16) + "a",
  ];
  for (const name of forbidden)
    claimThrows(() => Event(name as string), "TypeError", `the event name "${name}"`);
}

async function context(scene: Scene): Promise<void> {
  const [One, Two, Three] = [scene.notes("one"), scene.notes("two"), scene.notes("three")];
  const headers = {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    baggage: "userId=alice,serverNode=DF%2028",
  };
  const seen: unknown[] = [];
  const correlations: string[] = [];
  const bus = await scene.started((on) => {
    on.on(One, { name: scene.name("one") }, async (_, delivery) => {
      const { traceparent, tracestate, baggage } = delivery.headers;
      seen.push({ traceparent, tracestate, baggage }, delivery.cause);
      await delivery.publish(new Two({ id: "w0-1" }), { id: scene.name("two") });
    });
    on.on(Two, { name: scene.name("two") }, async (_, delivery) => {
      seen.push(delivery.cause);
      await delivery.publish(new Three({ id: "w0-2" }), { id: scene.name("three") });
    });
    scene.listen(on, Three, { name: scene.name("three"), handler: (_, { cause }) => void seen.push(cause) });
  });
  bus.tap("**", (_, { correlation }) => correlations.push(correlation));
  scene.census.wrote("w0-2");
  scene.census.accepted("w0-2");
  await scene.time.within(
    bus.publish(new One({ id: "w0-0" }), { id: scene.name("one"), headers }),
    "publish()",
  );
  await scene.allRead();
  const [one, two] = [scene.name("one"), scene.name("two")];
  claimSame(seen, [headers, undefined, one, two], "the headers, and the causes of the three events");
  claimSame(correlations, [one, one, one], "the correlations of the three events");
}

async function address(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const seen = new Set<string>();
  const look = (where: string, { event, subscription, eventId }: Delivery): void => {
    const { eventName } = event.constructor as unknown as { readonly eventName: string };
    seen.add(`${where} ${eventName} ${subscription} ${eventId}`);
  };
  const looks: Step = async (delivery, next) => {
    try {
      return await next();
    } finally {
      look("step", delivery);
    }
  };
  const handler = (_: unknown, delivery: Delivery): void => {
    look("handler", delivery);
    if (delivery.attempt === 1) throw new Error("planted");
  };
  const name = scene.name("reader");
  const bus = await scene.started((on) => scene.listen(on, Note, { name, steps: [looks], handler }));
  await written(scene, bus, new Note({ id: "w0-0" }), { id: scene.name("id") });
  await scene.allRead();
  const expected = ["handler", "step"].map(
    (where) => `${where} ${Note.eventName} ${name} ${scene.name("id")}`,
  );
  claimSame([...seen].toSorted(), expected, "what handler and step saw");
}

async function written(
  scene: Scene,
  bus: Awaited<ReturnType<Scene["bus"]>>,
  note: InstanceType<ReturnType<Scene["notes"]>>,
  options: PublishOptions = {},
): Promise<void> {
  scene.census.wrote(note.id);
  await scene.time.within(bus.publish(note, options), "publish()");
  scene.census.accepted(note.id);
}
