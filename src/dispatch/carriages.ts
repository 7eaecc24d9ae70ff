/** The transports of a bus, each with its carriage; memory goes straight. */
import type { EventDefinition } from "../event/definition.js";
import { MemoryTransport } from "../transport/memory.js";
import type { Transport } from "../transport/transport.js";
import { didYouMean } from "../runtime/options.js";
import { IN_PROCESS } from "../task/tick.js";
import { type Carriage, StraightCarriage } from "./carriage.js";
import { PortCarriage, type PortParts } from "./port-carriage.js";
import type { Shelf } from "./shelf.js";

const DEFAULT = "default";
const NAME_ONE = "Name one: bus.transaction(work, { transport }).";

export class Carriages {
  readonly #byName = new Map<string, Carriage>();
  readonly #inProcess = new StraightCarriage(IN_PROCESS);
  #parts: PortParts | undefined;

  constructor(transports: Readonly<Record<string, Transport>>) {
    if (transports[DEFAULT] === undefined) this.#byName.set(DEFAULT, new StraightCarriage(DEFAULT));
    for (const [name, transport] of Object.entries(transports))
      this.#byName.set(name, this.#carriage(name, transport));
  }

  get default(): Carriage {
    return this.#byName.get(DEFAULT)!;
  }

  /** The records of the default transport, where it has a store for them. */
  get shelf(): Shelf | undefined {
    return this.default.shelf;
  }

  get all(): readonly Carriage[] {
    return [...this.#byName.values()];
  }

  /** Those that work through the port of their transport. */
  get ports(): readonly PortCarriage[] {
    return this.all.filter((each) => each instanceof PortCarriage);
  }

  /**
   * The port that begins a transaction: the one that is named, or else the default, or the only one that can. Undefined
   * where none can.
   */
  beginner(name: string | undefined): PortCarriage | undefined {
    const able = this.ports.filter((port) => port.beginsTransactions);
    const names = able.map((port) => port.name);
    const wanted = name ?? (able.length > 1 ? DEFAULT : names[0]);
    const found = able.find((port) => port.name === wanted);
    if (found !== undefined || (name === undefined && able.length === 0)) return found;
    if (name === undefined) throw new TypeError(`${names.join(" and ")} begin transactions. ${NAME_ONE}`);
    throw new TypeError(`No transport ${name} begins transactions.${didYouMean(name, names)}`);
  }

  /** The ports that carry one of the events of a subscription. */
  portsOf(definitions: readonly EventDefinition[]): readonly PortCarriage[] {
    const used = new Set(definitions.map((definition) => this.of(definition)));
    return this.ports.filter((each) => used.has(each));
  }

  /** The carriage of an event. */
  of(definition: EventDefinition): Carriage {
    const name = definition.transport ?? DEFAULT;
    if (name === IN_PROCESS) return this.#inProcess;
    const carriage = this.#byName.get(name);
    if (carriage !== undefined) return carriage;
    throw new TypeError(
      `Event ${definition.name} names the transport \`${name}\`, which createBus({ transports }) does not have.${didYouMean(name, [...this.#byName.keys()])}`,
    );
  }

  /** Gives the ports the rest of the bus, which knows them first. */
  connect(parts: PortParts): void {
    this.#parts = parts;
  }

  #carriage(name: string, transport: Transport): Carriage {
    if (transport instanceof MemoryTransport) return new StraightCarriage(name);
    return new PortCarriage(name, transport, () => this.#parts!);
  }
}
