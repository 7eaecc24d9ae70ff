// A mail server as they are: it is busy now and then, and some addresses do not exist.
export class MailServer {
  readonly delivered: string[] = [];
  isConnected = false;
  hangUps = 0;
  readonly #busyUntil = new Map<string, number>();

  constructor(private readonly unknown: ReadonlySet<string>) {}

  async send(to: string): Promise<string> {
    this.isConnected = true;
    const times = (this.#busyUntil.get(to) ?? 0) + 1;
    this.#busyUntil.set(to, times);
    if (this.unknown.has(to)) throw new UnknownAddress(to);
    if (to.startsWith("3") && times < 3) throw new Error("the mail server is busy");
    this.delivered.push(to);
    return `mail-${this.delivered.length}`;
  }

  hangUp(): void {
    this.isConnected = false;
    this.hangUps++;
  }
}

export class UnknownAddress extends Error {
  constructor(to: string) {
    super(`nobody reads ${to}`);
  }
}
