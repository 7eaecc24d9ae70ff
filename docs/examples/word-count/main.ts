// npm run build && npx tsc -p docs/examples && node temp/examples/word-count/main.js
import { countWith } from "./run.js";
import { textFiles } from "./texts.js";

const files = textFiles();
for (const slots of [1, 2, 4, 8]) {
  const { words, top, ms } = await countWith(slots, files);
  const most = top.map(([word, times]) => `${word} ${times}`).join(", ");
  console.log(`${slots} slots: ${files.length} files, ${words} words in ${ms.toFixed(0)} ms; ${most}`);
}
