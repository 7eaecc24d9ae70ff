// Counts the words of all files, once for each number of slots.
import { createBus } from "signalbox";
import { chord, map } from "signalbox/workflow";
import { type Counted, CountWords, JoinCounts } from "./tasks.js";
import { WordCounter } from "./word-counter.js";

export interface CountRun extends Counted {
  readonly slots: number;
  readonly ms: number;
  readonly mostAtOnce: number;
}

export async function countWith(slots: number, files: readonly string[]): Promise<CountRun> {
  await using bus = createBus({ subscribers: [WordCounter], lanes: { reading: { concurrency: slots } } });
  await bus.start();
  WordCounter.mostAtOnce = 0;
  const inputs = files.map((file) => ({ file }));
  const work = chord(map(CountWords, inputs), (counts) => new JoinCounts({ counts, top: 5 }));
  const began = performance.now();
  const counted = await (await bus.run(work)).result();
  return { ...counted, slots, ms: performance.now() - began, mostAtOnce: WordCounter.mostAtOnce };
}
