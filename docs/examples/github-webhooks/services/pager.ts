// Wakes whoever is on call. In this demo nobody has connected it, until somebody does.

export class Pager {
  readonly #paged: string[] = [];
  #connected = false;

  /** Throws as long as the pager is not connected. */
  page(text: string): void {
    if (!this.#connected) throw new Error("the pager is not connected");
    this.#paged.push(text);
  }

  connect(): void {
    this.#connected = true;
  }
}
