// The application's process as whoever runs it sees it: begun, killed, begun again.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Address } from "../client.js";
import type { Orders, Wish, Word } from "./orders.js";

const PROGRAM = fileURLToPath(new URL("application-process.js", import.meta.url));

interface Life {
  readonly process: ChildProcess;
  readonly url: string;
}

export class Lives implements Disposable {
  #count = 0;
  #now: Promise<Life> | undefined;
  #answered = (): void => {};

  constructor(
    private readonly orders: Omit<Orders, "life">,
    private readonly log: (line: string) => void,
  ) {}

  /** Where the living one listens; while there is none, this waits for the next. */
  readonly address: Address = async () => (await this.#living()).url;

  /** Begins the next life, on what the one before has left. */
  async begin(): Promise<void> {
    this.#now = this.#born();
    await this.#now;
  }

  /** Ends it without a word, in the middle of whatever it does, and begins the next. */
  async killAndBegin(): Promise<void> {
    const { process } = await this.#living();
    this.#now = once(process, "exit").then(() => this.#born());
    process.kill("SIGKILL");
    await this.#now;
  }

  /** Resolves when the wish is fulfilled. */
  async ask(wish: Wish): Promise<void> {
    const { process } = await this.#living();
    const answered = new Promise<void>((resolve) => (this.#answered = resolve));
    process.send(wish);
    await Promise.race([answered, death(process)]);
  }

  [Symbol.dispose](): void {
    void this.#now?.then(({ process }) => process.kill("SIGKILL"));
  }

  #living(): Promise<Life> {
    if (this.#now) return this.#now;
    throw new TypeError("There is no application yet. Call begin() first.");
  }

  async #born(): Promise<Life> {
    this.#count += 1;
    const orders: Orders = { ...this.orders, life: this.#count };
    const child = fork(PROGRAM, [JSON.stringify(orders)], { execArgv: ["--no-warnings"] }); // Node 22 calls SQLite experimental
    const listening = new Promise<string>((resolve) => {
      child.on("message", (word: Word) => this.#heard(word, resolve));
    });
    return { process: child, url: await Promise.race([listening, death(child)]) };
  }

  #heard(word: Word, listening: (url: string) => void): void {
    if (word.is === "log") this.log(word.line);
    if (word.is === "done") this.#answered();
    if (word.is === "listening") {
      if (this.#count > 1) this.log(`life ${this.#count} began; ${word.waiting} deliveries waited for it`);
      listening(word.url);
    }
  }
}

async function death(child: ChildProcess): Promise<never> {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  throw new Error(`The application ended (${signal ?? code}) before it had answered.`);
}
