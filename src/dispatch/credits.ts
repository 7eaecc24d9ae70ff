/** What a store may hand out: never more than a group's lane runs and reads ahead, whatever happens in between. */

interface Account {
  /** Granted and not used yet. */
  granted: number;
  /** Handed out and not settled yet. */
  unsettled: number;
  /** Settled, and not answered by the store yet. */
  settling: number;
}

export class Credits {
  readonly #accounts = new Map<string, Account>();

  /** How much more a group may get, so that it has `wanted` in all; counted as granted. */
  topUp(group: string, wanted: number): number {
    const account = this.#of(group);
    // A store may take its time with as many settlements as it hands out; what piles up beyond that is not handed out anew.
    const behind = Math.max(0, account.settling - wanted);
    const more = wanted - account.granted - account.unsettled - behind;
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

  /** Settled, as far as this process goes. */
  settling(group: string): void {
    this.#of(group).settling++;
  }

  /** The store has taken a settlement, or says that it never will. */
  answered(group: string): void {
    this.#of(group).settling--;
  }

  clear(): void {
    this.#accounts.clear();
  }

  #of(group: string): Account {
    const account = this.#accounts.get(group) ?? { granted: 0, unsettled: 0, settling: 0 };
    this.#accounts.set(group, account);
    return account;
  }
}
