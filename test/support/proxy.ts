/** A TCP proxy between a client and a server that does what networks do: resets, silence, slowness, crumbs, refusal. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pass } from "node:timers/promises";

export type Direction = "toServer" | "toClient";

export interface Weather {
  /** Every chunk is so late. Defaults to 0. */
  readonly latencyMs?: number;
  /** And up to so much later; order stays. Defaults to 0. */
  readonly jitterMs?: number;
  /** What arrives comes in pieces of at most so many bytes, one in each round of the event loop. Defaults to all at once. */
  readonly sliceBytes?: number;
}

export interface Proxy {
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** How many have been asked for, those that were turned away included; those that were refused are not heard of. */
  readonly asked: number;
  /** From now on, for connections there are and for new ones; `{}` is fair. */
  weather(weather: Weather): void;
  /** Connections stay open and nothing comes through, the end of either side neither, until `heal()`. New ones are as mute. */
  blackHole(): void;
  /** New connections are refused; those there are go on. */
  refuse(): Promise<void>;
  /** New connections end with a reset; those there are go on. */
  turnAway(): void;
  /** Every connection ends with a reset on both sides. */
  reset(): void;
  /**
   * Resets the connection that next carries this text, before the text arrives, or after; of several texts the last, when
   * the connection has carried those before it. Resolves when it has.
   */
  resetAt(text: string | readonly string[], direction: Direction, when?: "before" | "after"): Promise<void>;
  /** All as on the first day; what a black hole kept arrives. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** A proxy on a free port of 127.0.0.1 before the server at `port`. */
export async function proxy(port: number, host: string = "127.0.0.1"): Promise<Proxy> {
  const made = new TcpProxy({ port, host });
  await made.heal();
  return made;
}

interface Trap {
  /** Those that are still to come. */
  readonly texts: string[];
  /** The connection that has carried one of them. */
  pair: Pair | undefined;
  readonly direction: Direction;
  readonly when: "before" | "after";
  readonly sprung: () => void;
}

class TcpProxy implements Proxy {
  readonly #target: { readonly port: number; readonly host: string };
  readonly #pairs = new Set<Pair>();
  #asked = 0;
  #isTurningAway = false;
  #server: Server | undefined;
  #port = 0;
  #weather: Weather = {};
  #trap: Trap | undefined;
  #silence: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  constructor(target: { readonly port: number; readonly host: string }) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  get asked(): number {
    return this.#asked;
  }

  weather(weather: Weather): void {
    this.#weather = weather;
  }

  blackHole(): void {
    if (this.#silence !== undefined) return;
    let end!: () => void;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#silence = { over, end };
  }

  async refuse(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
  }

  turnAway(): void {
    this.#isTurningAway = true;
  }

  reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  resetAt(
    text: string | readonly string[],
    direction: Direction,
    when: "before" | "after" = "before",
  ): Promise<void> {
    const texts = [text].flat();
    return new Promise((sprung) => (this.#trap = { texts, pair: undefined, direction, when, sprung }));
  }

  async heal(): Promise<void> {
    this.#weather = {};
    this.#isTurningAway = false;
    this.#trap = undefined;
    this.#silence?.end();
    this.#silence = undefined;
    if (this.#server === undefined) await this.#listen();
  }

  async close(): Promise<void> {
    await this.refuse();
    this.reset();
    this.#silence?.end();
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#taken(client));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
  }

  #taken(client: Socket): void {
    this.#asked++;
    if (this.#isTurningAway) return void client.resetAndDestroy();
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const pair = new Pair(client, server, {
      silence: () => this.#silence?.over,
      weather: () => this.#weather,
      trapFor: (bytes, direction) => this.#trapFor(bytes, direction, pair),
      gone: () => this.#pairs.delete(pair),
    });
    this.#pairs.add(pair);
  }

  #trapFor(bytes: Buffer, direction: Direction, pair: Pair): Trap | undefined {
    const trap = this.#trap;
    if (trap?.direction !== direction || (trap.pair ?? pair) !== pair) return undefined;
    if (!bytes.includes(trap.texts[0]!)) return undefined;
    trap.texts.shift();
    trap.pair = pair;
    if (trap.texts.length > 0) return undefined;
    this.#trap = undefined;
    return trap;
  }
}

interface Conditions {
  readonly silence: () => Promise<void> | undefined;
  readonly weather: () => Weather;
  readonly trapFor: (bytes: Buffer, direction: Direction) => Trap | undefined;
  readonly gone: () => void;
}

/** One connection of a client, and the one to the server behind it. */
class Pair {
  readonly #sockets: readonly [Socket, Socket];
  readonly #conditions: Conditions;

  constructor(client: Socket, server: Socket, conditions: Conditions) {
    this.#sockets = [client, server];
    this.#conditions = conditions;
    for (const socket of this.#sockets) socket.setNoDelay(true);
    this.#carry(client, server, "toServer");
    this.#carry(server, client, "toClient");
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#conditions.gone();
  }

  /* In order: each thing that a side says or does comes through after the one before. */
  #carry(from: Socket, to: Socket, direction: Direction): void {
    let last: Promise<void> = Promise.resolve();
    let lastDue = 0;
    const inTurn = (act: () => void | Promise<void>): void => {
      const { latencyMs = 0, jitterMs = 0 } = this.#conditions.weather();
      lastDue = Math.max(lastDue, performance.now() + latencyMs + jitterMs * Math.random());
      const due = lastDue;
      last = last.then(() => this.#arrived(due)).then(act);
    };
    from.on("data", (bytes: Buffer) => inTurn(() => this.#hand(bytes, to, direction)));
    from.on("end", () => inTurn(() => void to.end()));
    from.on("error", () => inTurn(() => this.reset())); // a reset, or a server that is not there
    from.on("close", () => this.#sockets.every(({ destroyed }) => destroyed) && this.#conditions.gone());
  }

  async #arrived(due: number): Promise<void> {
    const wait = due - performance.now();
    if (wait > 0) await pass(wait);
    for (let over = this.#conditions.silence(); over !== undefined; over = this.#conditions.silence())
      await over;
  }

  async #hand(bytes: Buffer, to: Socket, direction: Direction): Promise<void> {
    const trap = this.#conditions.trapFor(bytes, direction);
    if (trap?.when !== "before") await this.#pieces(bytes, to);
    if (trap === undefined) return;
    this.reset();
    trap.sprung();
  }

  async #pieces(bytes: Buffer, to: Socket): Promise<void> {
    const { sliceBytes = bytes.length } = this.#conditions.weather();
    for (let at = 0; at < bytes.length && to.writable; at += sliceBytes) {
      await new Promise((resolve) => to.write(bytes.subarray(at, at + sliceBytes), resolve));
      if (sliceBytes < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
