/** M14, M20 to M25: what a failure looks like to whoever deals with it, and what must not leak out of it. */
import type { Delivery } from "../../../delivery/delivery.js";
import type { Step } from "../../../delivery/step.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { wireOf } from "../hand.js";
import { bytes } from "../needs.js";
import { letters } from "../letters.js";
import type { Scene } from "../scene.js";

export const errors: CaseGroup = {
  title: "Errors",
  about: "What a failure looks like to whoever deals with it, and what must not leak out of it.",
  cases: [
    {
      id: "M14",
      name: "a throw is a failure",
      about: "A handler throws: a step around it gets the very error, attempt 1 and the headers.",
      run: throwIsFailure,
    },
    {
      id: "M20",
      name: "mutations stay inside",
      about:
        "A handler tries to change headers and data, then fails: the step and the next attempt see the original.",
      run: mutationsStayInside,
    },
    {
      id: "M21",
      name: "what a step keeps stays with its delivery",
      about: "An outer step keeps something per delivery: an inner one finds that of its own delivery only.",
      run: keptPerDelivery,
    },
    {
      id: "M22",
      name: "a publish while failing",
      about: "A step publishes another event when the handler fails: it is delivered.",
      run: publishWhileFailing,
    },
    {
      id: "M23",
      name: "a step that throws itself",
      about:
        "It throws where it should deal with the error: the event is tried again; at the end a logged error names its id.",
      isNoisy: true,
      run: stepThrows,
    },
    {
      id: "M24",
      name: "undecodable",
      about:
        "Bytes that are no event become a dead letter with the bytes, without a retry; the next event is handled.",
      needs: bytes,
      isNoisy: true,
      run: undecodable,
    },
    {
      id: "M25",
      name: "an unknown event",
      about:
        "A message whose event this program does not know becomes a dead letter with reason `schema`; the next is handled.",
      isNoisy: true,
      run: unknownEvent,
    },
  ],
};

async function throwIsFailure(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const planted = new RangeError("planted");
  const met: unknown[] = [];
  const looks: Step = async (delivery, next) => {
    try {
      return await next();
    } catch (error) {
      met.push(error === planted, delivery.attempt, delivery.headers["x-tenant"]);
      throw error;
    }
  };
  const handler = (_: unknown, { attempt }: Delivery): void => {
    if (attempt === 1) throw planted;
  };
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), steps: [looks], handler }),
  );
  scene.census.wrote("w0-0");
  await scene.time.within(
    bus.publish(new Note({ id: "w0-0" }), { headers: { "x-tenant": "t1" } }),
    "publish()",
  );
  scene.census.accepted("w0-0");
  await scene.allRead();
  claimSame(met, [true, 1, "t1"], "the error itself, the attempt and the header in the step");
}

async function mutationsStayInside(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const seen: unknown[] = [];
  const look = (where: string, { event, headers }: Delivery): void =>
    void seen.push([where, (event as { body?: string }).body, headers["x-tenant"]]);
  const looks: Step = async (delivery, next) => {
    try {
      return await next();
    } catch (error) {
      look("step", delivery);
      throw error;
    }
  };
  const handler = (note: object, delivery: Delivery): void => {
    look("handler", delivery);
    attempted(() => ((delivery.headers as Record<string, string>)["x-tenant"] = "changed"));
    attempted(() => ((note as { body: string }).body = "changed"));
    if (delivery.attempt === 1) throw new Error("planted");
  };
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), steps: [looks], handler }),
  );
  scene.census.wrote("w0-0");
  const note = new Note({ id: "w0-0", body: "original" });
  await scene.time.within(bus.publish(note, { headers: { "x-tenant": "t1" } }), "publish()");
  scene.census.accepted("w0-0");
  await scene.allRead();
  const expected = ["handler", "step", "handler"].map((where) => [where, "original", "t1"]);
  claimSame(seen, expected, "what each saw of body and header");
}

async function keptPerDelivery(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const kept = new WeakMap<Delivery, string>();
  const faults: string[] = [];
  const keeps: Step = (delivery, next) => {
    if (kept.has(delivery)) faults.push(`${delivery.eventId} found ${kept.get(delivery)} already there`);
    kept.set(delivery, `${delivery.eventId}.${delivery.attempt}`);
    return next();
  };
  const looks: Step = async (delivery, next) => {
    try {
      return await next();
    } catch (error) {
      const found = kept.get(delivery);
      if (found !== `${delivery.eventId}.${delivery.attempt}`)
        faults.push(`${delivery.eventId} found ${found}`);
      throw error;
    }
  };
  const handler = async (_: unknown, { attempt }: Delivery): Promise<void> => {
    await Promise.resolve();
    if (attempt === 1) throw new Error("planted");
  };
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), steps: [keeps, looks], handler }),
  );
  await scene.write(bus, Note, { writers: 5, each: 4 });
  await scene.allRead();
  claimSame(faults, [], "what leaked from one delivery to another");
}

async function publishWhileFailing(scene: Scene): Promise<void> {
  const [Note, Alarm] = [scene.notes(), scene.notes("alarm")];
  const causes: unknown[] = [];
  const alarms: Step = async (delivery, next) => {
    try {
      return await next();
    } catch (error) {
      await delivery.publish(new Alarm({ id: `alarm-${delivery.attempt}` }));
      throw error;
    }
  };
  const handler = (_: unknown, { attempt }: Delivery): void => {
    if (attempt === 1) throw new Error("planted");
  };
  const bus = await scene.started((on) => {
    scene.listen(on, Note, { name: scene.name("reader"), steps: [alarms], handler });
    on.on(Alarm, { name: scene.name("alarmed") }, ({ id }, { cause }) => void causes.push([id, cause]));
  });
  scene.census.wrote("w0-0");
  const publish = bus.publish(new Note({ id: "w0-0" }), { id: scene.name("cause") });
  await scene.time.within(publish, "publish()");
  scene.census.accepted("w0-0");
  await scene.allRead();
  await scene.time.until(
    () => causes.length > 0,
    () => "what the step published has not come",
  );
  claimSame(causes, [["alarm-1", scene.name("cause")]], "what the step published, and its cause");
}

async function stepThrows(scene: Scene): Promise<void> {
  const Note = scene.notes();
  let runs = 0;
  const throws: Step = async (_, next) => {
    try {
      return await next();
    } catch {
      throw new RangeError("the step broke");
    }
  };
  const handler = (): never => {
    runs++;
    throw new Error("planted");
  };
  const retry = { attempts: 3, delay: "10ms", backoff: "fixed", jitter: false } as const;
  const bus = await scene.started((on) =>
    scene.listen(on, Note, { name: scene.name("reader"), steps: [throws], retry, handler }),
  );
  const id = scene.name("doomed");
  await scene.time.within(bus.publish(new Note({ id: "w0-0" }), { id }), "publish()");
  await letters(scene, bus, 1);
  claimSame(runs, 3, "the number of attempts");
  const told = scene.log.filter(({ level, facts }) => level === "error" && facts["eventId"] === id);
  claimSame(told.length, 1, "the number of logged errors that name the event's id");
  claim(told[0]?.facts["err"] instanceof RangeError, "The logged error was not what the step threw.");
}

async function undecodable(scene: Scene): Promise<void> {
  const wire = (name: string) => wireOf(name, { id: "w9-0" }, true);
  const garbage = new TextEncoder().encode("{ this is no JSON");
  await badNeighbour(scene, "undecodable", (name) => ({ ...wire(name), body: garbage }), garbage);
}

async function unknownEvent(scene: Scene): Promise<void> {
  const stranger = scene.name("nobody.knows");
  const { serialises } = scene.features;
  await badNeighbour(scene, "schema", (name) => ({
    ...wireOf(serialises ? stranger : name, { id: "w9-0" }, serialises),
    name,
  }));
}

/* Sent past the bus, on the transport that it has: what is no event, between two that are. */
async function badNeighbour(
  scene: Scene,
  reason: string,
  wire: (name: string) => ReturnType<typeof wireOf>,
  raw?: Uint8Array,
): Promise<void> {
  const Note = scene.notes();
  const transport = await scene.watched();
  const bus = await scene.started((on) => scene.listen(on, Note, { name: scene.name("reader") }), {
    transport,
  });
  await scene.write(bus, Note, { writers: 1, each: 1 });
  await scene.time.within(Promise.resolve(transport.send([wire(Note.eventName)])), "send()");
  await scene.write(bus, Note, { writers: 1, each: 1, from: 1 });
  await scene.allRead();
  const [letter, ...more] = await letters(scene, bus, 1);
  claimSame(
    [letter?.reason, more.length],
    [reason, 0],
    "the reason of the dead letter, and how many more there are",
  );
  if (raw !== undefined) claimSame(letter?.raw && [...letter.raw], [...raw], "the bytes of the dead letter");
  const { settled } = transport;
  const kinds = settled.map(({ settlement }) => settlement.kind).filter((kind) => kind !== "done");
  claimSame(kinds, ["deadLetter"], "how it was settled");
}

function attempted(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    claim(error instanceof TypeError, "Something frozen threw something strange.");
  }
}
