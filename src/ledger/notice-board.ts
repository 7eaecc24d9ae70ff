/** Where notices are given out: typed, on eventemitter3, whose listeners cannot hurt the engine. */
import { EventEmitter } from "eventemitter3";
import type { NoticeMap, Notices } from "../delivery/notice.js";
import { isThenable } from "../runtime/thenable.js";
import type { Log } from "./log.js";

type Name = keyof NoticeMap;
// oxlint-disable-next-line no-explicit-any -- one list holds the listeners of all notices
type Listener = (notice: any) => void;

/** What was registered, and what eventemitter3 was given for it. */
interface Registered {
  readonly listener: Listener;
  readonly guarded: Listener;
  /** It threw, and that was told. */
  isBroken: boolean;
}

export class NoticeBoard implements Notices {
  /* Asked for every delivery: a lookup by name would be a tenth of its price. */
  hearsStarted = false;
  hearsDone = false;
  hearsBlocked = false;
  hearsPublished = false;
  readonly #emitter = new EventEmitter<string>();
  readonly #log: Log;
  readonly #registered = new Map<string, readonly Registered[]>();

  constructor(log: Log) {
    this.#log = log;
  }

  on<K extends Name>(name: K, listener: (notice: NoticeMap[K]) => void): this {
    return this.#add(name, listener, false);
  }

  once<K extends Name>(name: K, listener: (notice: NoticeMap[K]) => void): this {
    return this.#add(name, listener, true);
  }

  off<K extends Name>(name: K, listener?: (notice: NoticeMap[K]) => void): this {
    for (const each of this.#registered.get(name) ?? [])
      if (listener === undefined || each.listener === listener) this.#remove(name, each);
    return this;
  }

  /** Whether anybody listens: a notice is made only then. eventemitter3 would count its listeners each time. */
  hears(name: Name): boolean {
    return this.#registered.has(name);
  }

  /** Gives out a notice; nothing that a listener does comes back. */
  post<K extends Name>(name: K, notice: NoticeMap[K]): void {
    this.#emitter.emit(name, Object.freeze(notice));
  }

  #add(name: Name, listener: Listener, isOnce: boolean): this {
    const failed = (error: unknown): void => this.#detach(name, registered, error);
    const guarded = (notice: unknown): void => {
      if (isOnce) this.#remove(name, registered);
      try {
        const answer: unknown = listener(notice);
        if (isThenable(answer)) answer.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    };
    const registered: Registered = { listener, guarded, isBroken: false };
    this.#registered.set(name, [...(this.#registered.get(name) ?? []), registered]);
    this.#emitter.on(name, guarded);
    this.#listenersChanged();
    return this;
  }

  #remove(name: Name, registered: Registered): void {
    const left = (this.#registered.get(name) ?? []).filter((each) => each !== registered);
    if (left.length > 0) this.#registered.set(name, left);
    else this.#registered.delete(name);
    this.#emitter.off(name, registered.guarded);
    this.#listenersChanged();
  }

  #listenersChanged(): void {
    this.hearsStarted = this.hears("delivery.started");
    this.hearsDone = this.hears("delivery.done");
    this.hearsBlocked = this.hears("loop.blocked");
    this.hearsPublished = this.hears("event.published");
  }

  /* Said once, although what it began before may still reject; and not from a stack that the listener may have filled. */
  #detach(name: Name, registered: Registered, error: unknown): void {
    this.#remove(name, registered);
    if (registered.isBroken) return;
    void Promise.resolve().then(() => this.#log.listenerFailed(name, error));
    registered.isBroken = true;
  }
}
