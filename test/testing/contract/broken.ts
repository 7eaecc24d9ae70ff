/** Transports that break their word, each in one way, and the case of the contract that must name it. */
import { memory, type Item, type Sink, type Transport, type WireEnvelope } from "signalbox";
import type { Place } from "signalbox/testing/contract";
import { delegating, type Otherwise } from "./delegating.js";

/** What is broken, the case that finds it, what that says, and the transport. */
export type Broken = readonly [fault: string, id: string, says: RegExp, create: (place: Place) => Transport];

function broken(otherwise: (place: Place, inner: Transport) => Otherwise): (place: Place) => Transport {
  return (place) => {
    const inner = memory();
    return delegating(inner, otherwise(place, inner));
  };
}

function later(place: Place, ms: number, run: () => void): void {
  place.runtime.host.timer(run, ms);
}

function changed(item: Item, change: (envelope: WireEnvelope) => Partial<WireEnvelope>): Item {
  const envelope = item.envelope as WireEnvelope;
  return { ...item, envelope: { ...envelope, ...change(envelope) } };
}

export const brokenMemories: readonly Broken[] = [
  [
    "drops one item in fifty",
    "M01",
    /2 were accepted and never came|has not ended/,
    broken(() => {
      let count = 0;
      return { deliver: (item, sink) => (++count % 50 === 0 ? undefined : sink.deliver(item)) };
    }),
  ],
  [
    "hands out one item in fifty twice",
    "M08",
    /20 came more than once/,
    broken(() => {
      let count = 0;
      return {
        deliver: async (item, sink) => {
          await sink.deliver(item);
          if (++count % 50 === 0) await sink.deliver({ ...item });
        },
      };
    }),
  ],
  [
    "hands out an item again half a second later",
    "M12",
    /10 came more than once/,
    broken((place) => ({
      deliver: (item, sink) => {
        later(place, 500, () => void sink.deliver({ ...item }));
        return sink.deliver(item);
      },
    })),
  ],
  [
    "hands out after stop()",
    "M33",
    /handed out/,
    broken((place) => ({
      deliver: (item, sink) => {
        later(place, 1_500, () => void sink.deliver({ ...item }));
        return sink.deliver(item);
      },
    })),
  ],
  [
    "answers before it has accepted",
    "M02",
    /20 were accepted, and \d+ had been handed out/,
    broken((place, inner) => {
      let isStopped = false;
      return {
        send: async (batch) => {
          later(place, 5, () => void (isStopped ? undefined : inner.send(batch)));
          return batch.map(() => "accepted" as const);
        },
        stop: () => void (isStopped = true),
      };
    }),
  ],
  [
    "mixes up its topics",
    "M05",
    /A calm run logged: What came in for/,
    broken((_, inner) => ({
      declare: (group) =>
        inner.declare({ ...group, events: [...group.events, group.events[0]!.replace("left", "right")] }),
    })),
  ],
  [
    "fans out to the first group only",
    "G2",
    /never came|has not ended/,
    broken((_, inner) => {
      let first: string | undefined;
      return {
        declare: (group) => ((first ??= group.name) === group.name ? inner.declare(group) : undefined),
      };
    }),
  ],
  [
    "sends nothing while it has no group",
    "M09",
    /no group/,
    broken((_, inner) => {
      let groups = 0;
      return {
        declare: (group) => (groups++, inner.declare(group)),
        send: (batch) => {
          if (groups === 0) throw new Error("no group");
          return inner.send(batch);
        },
      };
    }),
  ],
  [
    "drops an id that it knows, without declaring it",
    "M10",
    /1 of 2 deliveries|has not ended/,
    broken((_, inner) => {
      const known = new Set<string>();
      return {
        send: async (batch) => {
          await inner.send(batch.filter(({ id }) => !known.has(id)));
          for (const { id } of batch) known.add(id);
          return batch.map(() => "accepted" as const);
        },
      };
    }),
  ],
  [
    "polls in a tight loop",
    "M03",
    /timers ran in 5 s of silence/,
    broken((place, inner) => {
      let isOpen = false;
      const poll = (): void => (isOpen ? later(place, 1, poll) : undefined);
      return {
        open: (sink) => ((isOpen = true), poll(), inner.open(sink)),
        close: () => ((isOpen = false), inner.close()),
      };
    }),
  ],
  [
    "takes a while to know a group that it has said it knows",
    "M04",
    /never came|has not ended/,
    broken((place, inner) => ({ declare: (group) => later(place, 5, () => void inner.declare(group)) })),
  ],
  [
    "falls asleep in a silence",
    "M11",
    /1 were accepted and never came|has not ended/,
    broken((place, inner) => {
      let last: number | undefined;
      return {
        send: (batch) => {
          const now = place.runtime.host.monotonic();
          const isAsleep = last !== undefined && now - last > 20_000;
          last = now;
          return isAsleep ? batch.map(() => "accepted" as const) : inner.send(batch);
        },
      };
    }),
  ],
  [
    "cannot be opened a second time",
    "M36",
    /open once/,
    broken((_, inner) => {
      let opens = 0;
      return {
        open: (sink) => (opens++ === 0 ? inner.open(sink) : Promise.reject(new Error("open once"))),
      };
    }),
  ],
  [
    "does not stop unless it is open",
    "M35",
    /not open/,
    broken((_, inner) => {
      let sink: Sink | undefined;
      return {
        open: (given) => inner.open((sink = given)),
        stop: () => {
          if (sink === undefined) throw new Error("not open");
        },
      };
    }),
  ],
  [
    "never ends its close",
    "M35",
    /close\(\) has not ended/,
    broken(() => ({ close: () => new Promise<void>(() => undefined) })),
  ],
  [
    "leaves a timer behind",
    "M49",
    /1 timers are left/,
    broken((place, inner) => ({
      open: (sink) => (later(place, 3_600_000, () => undefined), inner.open(sink)),
    })),
  ],
  [
    "copies an event that it says it does not serialise",
    "M50",
    /arrived as another object/,
    broken(() => ({
      deliver: (item, sink) => sink.deliver(changed(item, ({ body }) => ({ body: { ...body } }))),
    })),
  ],
  [
    "takes no more than 32 KiB, without declaring it",
    "M53",
    /too large/,
    broken((_, inner) => ({
      send: (batch) => {
        if (JSON.stringify(batch).length > 32_768) throw new Error("too large");
        return inner.send(batch);
      },
    })),
  ],
  [
    "refuses long names",
    "M54",
    /name too long/,
    broken((_, inner) => ({
      declare: (group) => {
        if (group.name.length > 100) throw new Error("name too long");
        return inner.declare(group);
      },
    })),
  ],
  [
    "declares other features than it has",
    "M01",
    /declared feature bodyBytesMax/,
    broken(() => ({ features: { bodyBytesMax: 1_000 } })),
  ],
];
