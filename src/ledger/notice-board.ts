/** Where notices are given out: typed, on eventemitter3, whose listeners cannot hurt the engine. */
import { EventEmitter } from "eventemitter3";
import type { Logger, NoticeMap, Notices } from "../delivery/notice.js";

type Name = keyof NoticeMap;
// oxlint-disable-next-line no-explicit-any -- one list holds the listeners of all notices
type Listener = (notice: any) => void;

export class NoticeBoard implements Notices {
  readonly #emitter = new EventEmitter<string>();
  readonly #logger: Logger;
  /* What was registered, beside what eventemitter3 was given for it. */
  readonly #guarded = new Map<string, Map<Listener, Listener>>();

  /* Asked for every delivery; eventemitter3 counts listeners each time. */
  readonly #heard = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<K extends Name>(name: K, listener: (notice: NoticeMap[K]) => void): this {
    const known = this.#guarded.get(name) ?? new Map<Listener, Listener>();
    this.#guarded.set(name, known);
    if (known.has(listener)) return this;
    const guarded = this.#guard(name, listener);
    known.set(listener, guarded);
    this.#heard.add(name);
    this.#emitter.on(name, guarded);
    return this;
  }

  once<K extends Name>(name: K, listener: (notice: NoticeMap[K]) => void): this {
    const first = (notice: NoticeMap[K]): void => {
      this.off(name, first);
      listener(notice);
    };
    return this.on(name, first);
  }

  off<K extends Name>(name: K, listener?: (notice: NoticeMap[K]) => void): this {
    const known = this.#guarded.get(name);
    for (const [each, guarded] of known ?? []) {
      if (listener !== undefined && each !== listener) continue;
      known?.delete(each);
      this.#emitter.off(name, guarded);
    }
    if (known?.size === 0) this.#heard.delete(name);
    return this;
  }

  /** Whether anybody listens: a notice is made only then. */
  hears(name: Name): boolean {
    return this.#heard.has(name);
  }

  /** Gives out a notice; nothing that a listener does comes back. */
  post<K extends Name>(name: K, notice: NoticeMap[K]): void {
    this.#emitter.emit(name, Object.freeze(notice));
  }

  #guard(name: Name, listener: Listener): Listener {
    return (notice) => {
      try {
        const answer: unknown = listener(notice);
        if (isPromise(answer))
          answer.then(undefined, (error: unknown) => this.#detach(name, listener, error));
      } catch (error) {
        this.#detach(name, listener, error);
      }
    };
  }

  #detach(name: Name, listener: Listener, error: unknown): void {
    this.off(name, listener);
    this.#logger.error(
      { notice: name, error },
      `A listener of ${name} threw and was detached. Correct the listener.`,
    );
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
