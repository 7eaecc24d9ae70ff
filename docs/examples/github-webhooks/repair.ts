// Somebody looks at the dead letters, repairs what was broken, and replays them: each to the one subscription that failed.
import type { Application } from "./application.js";

export async function repair({ bus, pager }: Application, log: (line: string) => void): Promise<void> {
  const letters = await bus.deadLetters.list({ subscription: "security.page" });
  log(`${letters.length} dead letters in security.page, such as`);
  for (const { envelope, attempts, reason } of letters.slice(0, 2)) {
    const error = String(attempts.at(-1)?.error);
    log(`  ${envelope.name} ${envelope.id}: ${reason} after ${attempts.length} attempts, ${error}`);
  }
  pager.connect();
  for (const letter of letters) {
    const receipt = await bus.deadLetters.replay(letter);
    await receipt.settled();
  }
  log(`the pager is repaired, ${letters.length} replayed, ${bus.deadLetters.size} dead letters left`);
}
