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
  /** From now on, for connections there are and for new ones; `{}` is fair. */
  weather(weather: Weather): void;
  /** Connections stay open and nothing comes through, the end of either side neither, until `heal()`. New ones are as mute. */
  blackHole(): void;
  /** New connections are refused; those there are go on. */
  refuse(): Promise<void>;
  /** Every connection ends with a reset on both sides. */
  reset(): void;
  /** Resets the connection that next carries this text, before the text arrives, or after; resolves when it has. */
  resetAt(text: string, direction: Direction, when?: "before" | "after"): Promise<void>;
  /** All as on the first day; what a black hole kept arrives. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** A proxy on a free port of 127.0.0.1 before the server at `port`. */
export async function proxy(port: number): Promise<Proxy> {
  const made = new TcpProxy(port);
  await made.heal();
  return made;
}

interface Trap {
  readonly text: string;
  readonly direction: Direction;
  readonly when: "before" | "after";
  readonly sprung: () => void;
}

class TcpProxy implements Proxy {
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port = 0;
  #weather: Weather = {};
  #trap: Trap | undefined;
  #silence: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  constructor(target: number) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
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

  reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  resetAt(text: string, direction: Direction, when: "before" | "after" = "before"): Promise<void> {
    return new Promise((sprung) => (this.#trap = { text, direction, when, sprung }));
  }

  async heal(): Promise<void> {
    this.#weather = {};
    this.#trap = undefined;
    this.#silence?.end();
    this.#silence = undefined;
    if (this.#server === undefined) await this.#listen();
  }

  async close(): Promise<void> {
    await this.refuse();
    this.reset();
    this.#silence?.end();
    this.#silence = undefined; // or who waits for its end would wait again
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
    const server = connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = new Pair(client, server, {
      silence: () => this.#silence?.over,
      weather: () => this.#weather,
      trapFor: (bytes, direction) => this.#trapFor(bytes, direction),
      gone: () => this.#pairs.delete(pair),
    });
    this.#pairs.add(pair);
  }

  #trapFor(bytes: Buffer, direction: Direction): Trap | undefined {
    const trap = this.#trap;
    if (trap?.direction !== direction || !bytes.includes(trap.text)) return undefined;
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
