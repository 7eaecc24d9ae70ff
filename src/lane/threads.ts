/** The threads that the handlers of a lane run on: piscina, loaded when they are first needed, and named nowhere else. */
/* What is used of it: types of a package that may not be there must not be in ours. */
interface Pool {
  run(task: unknown, options: { filename: string; signal: AbortSignal }): Promise<unknown>;
  destroy(): Promise<void>;
}
interface Piscina {
  new (options: { minThreads: number; maxThreads: number; idleTimeout: number }): Pool;
}

/* A new thread costs tens of milliseconds, an idle one megabytes. */
const IDLE_MS = 10_000;

export class Threads {
  /** The module that exports the handlers. */
  readonly module: string;
  readonly #max: number;
  #pool: Promise<Pool> | undefined;

  constructor(module: URL, max: number) {
    this.module = module.href;
    this.#max = max;
  }

  /** Loads what it needs; rejects where that is not installed. */
  async load(): Promise<void> {
    await piscina();
  }

  /** Runs what a file exports by default with a copy of the task; when the signal aborts, its thread is ended. */
  async run(file: URL, task: unknown, signal: AbortSignal): Promise<unknown> {
    this.#pool ??= this.#made();
    const pool = await this.#pool;
    return pool.run(task, { filename: file.href, signal });
  }

  /** Ends all threads; another `run` starts new ones. */
  stop(): void {
    void this.#pool?.then((pool) => pool.destroy()).catch(() => undefined);
    this.#pool = undefined;
  }

  async #made(): Promise<Pool> {
    const Made = await piscina();
    return new Made({ minThreads: 0, maxThreads: this.#max, idleTimeout: IDLE_MS });
  }
}

async function piscina(): Promise<Piscina> {
  const { Piscina: loaded } = await import("piscina");
  return loaded as unknown as Piscina;
}
