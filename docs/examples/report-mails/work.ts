// The work as a whole: divided into mails, and joined again.
import { chain, group, type Workflow } from "signalbox/workflow";
import { FindCustomers, HangUp, SendMail, WriteSummary } from "./tasks.js";

export function monthlyReport(month: string): Workflow<string> {
  return chain(new FindCustomers({ month }), ({ addresses }) => mailsTo(addresses, month));
}

/** Nine of ten mails must arrive; whatever comes of them, the server is told that this was all. */
function mailsTo(addresses: readonly string[], month: string): Workflow<string> {
  const mails = addresses.map((to) => new SendMail({ to, month }));
  const needed = Math.ceil(mails.length * 0.9);
  return chain(group(mails, { require: needed, finally: new HangUp() }), (settled) => {
    const sent = settled.flatMap((each) => (each.state === "done" ? [each.value] : []));
    const bounced = addresses.filter((_, index) => settled[index]?.state !== "done");
    return new WriteSummary({ month, sent, bounced });
  });
}
