// Posts announcements to the board, over HTTP.

export class Announcements {
  constructor(private readonly boardUrl: string) {}

  /** Throws when the board does not take it. The same key twice is one announcement. */
  async post(announcement: string, options: { key: string; signal: AbortSignal }): Promise<void> {
    const response = await fetch(this.boardUrl, {
      method: "POST",
      headers: { "idempotency-key": options.key },
      body: announcement,
      signal: options.signal,
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the board answered ${response.status}`);
  }
}
