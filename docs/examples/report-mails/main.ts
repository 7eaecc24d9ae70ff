// npm run build && npx tsc -p docs/examples && node temp/examples/report-mails/main.js
import { sendReport } from "./run.js";
import { monthlyReport } from "./work.js";

console.log(monthlyReport("2026-10").describe());
console.log(await sendReport(["7@example.org", "70@example.org"]));
