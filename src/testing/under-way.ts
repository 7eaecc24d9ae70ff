/** Calls of a test bus that have not come back: what is asserted meanwhile is asserted too early. */
export class UnderWay {
  readonly #calls: string[] = [];

  get size(): number {
    return this.#calls.length;
  }

  /** Runs the work of a call, which `name` names. */
  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#calls.push(name);
    try {
      return await work();
    } finally {
      this.#calls.splice(this.#calls.indexOf(name), 1);
    }
  }

  /** A sentence each. */
  texts(): string[] {
    return this.#calls.map((name) => `${name} has not come back: await it`);
  }
}
