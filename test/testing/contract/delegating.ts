/** A transport that hands everything on to another, so that the bus takes it for a stranger; and what it does otherwise. */
import type { Features, Sink, Transport } from "signalbox";

/** Members that stand in for those of the transport inside. */
export type Otherwise = Partial<
  Pick<Transport, "open" | "declare" | "send" | "settle" | "stop" | "close">
> & {
  readonly features?: Partial<Features>;
  /** What its sink does with an item; it is given the real one. */
  readonly deliver?: (item: Parameters<Sink["deliver"]>[0], sink: Sink) => void | Promise<void>;
};

export function delegating(inner: Transport, { deliver, features, ...otherwise }: Otherwise = {}): Transport {
  const sinkOf = (sink: Sink): Sink => ({
    deliver: (item) => (deliver === undefined ? sink.deliver(item) : deliver(item, sink)),
    lost: (...lost) => sink.lost(...lost),
    changed: (...changed) => sink.changed(...changed),
  });
  const { open = (sink) => inner.open(sink), ...rest } = otherwise;
  return {
    features: { ...inner.features, ...features },
    declare: (group) => inner.declare(group),
    send: (batch, how) => inner.send(batch, how),
    credit: (group, more) => inner.credit(group, more),
    settle: (item, settlement, how) => inner.settle(item, settlement, how),
    stop: () => inner.stop(),
    close: () => inner.close(),
    ...rest,
    open: (sink) => open(sinkOf(sink)),
  };
}
