// A monthly report: one task finds the customers, one writes a mail to each, one joins what came of it.
import { Task } from "signalbox";

export interface Sent {
  readonly to: string;
  readonly id: string;
}

export class FindCustomers extends Task("report.customers")<{ month: string }, { addresses: string[] }> {}
export class SendMail extends Task("report.mail")<{ to: string; month: string }, Sent> {}
export class WriteSummary extends Task("report.summary")<
  { month: string; sent: readonly Sent[]; bounced: readonly string[] },
  string
> {}
export class HangUp extends Task("report.hang-up") {}
