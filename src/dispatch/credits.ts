/** What a store may hand out: never more than a group's lane runs and reads ahead, whatever happens in between. */

interface Account {
  /** Granted and not used yet. */
  granted: number;
  /** Handed out and not settled yet. */
  unsettled: number;
}

export class Credits {
  readonly #accounts = new Map<string, Account>();

  /** How much more a group may get, so that it has `wanted` in all; counted as granted. */
  topUp(group: string, wanted: number): number {
    const account = this.#of(group);
    const more = wanted - account.granted - account.unsettled;
    if (!(more > 0)) return 0; // an infinite credit less an infinite one is no number
    account.granted += more;
    return more;
  }

  handedOut(group: string): void {
    const account = this.#of(group);
    account.granted--;
    account.unsettled++;
  }

  settled(group: string): void {
    this.#of(group).unsettled--;
  }

  clear(): void {
    this.#accounts.clear();
  }

  #of(group: string): Account {
    const account = this.#accounts.get(group) ?? { granted: 0, unsettled: 0 };
    this.#accounts.set(group, account);
    return account;
  }
}
