// Each task has one handler; how often it is tried and how many run at once stands beside it.
import { deadLetter, Handles, type Outcome, Subscriber, type TaskDelivery } from "signalbox";
import { MailServer, UnknownAddress } from "./mail-server.js";
import { FindCustomers, HangUp, SendMail, type Sent, WriteSummary } from "./tasks.js";

@Subscriber({ name: "report", inject: [MailServer] })
export class Report {
  constructor(private readonly server: MailServer) {}

  @Handles(FindCustomers)
  find(_: FindCustomers, delivery: TaskDelivery): { addresses: string[] } {
    delivery.progress(0, 100, "reading the customers");
    return { addresses: Array.from({ length: 100 }, (_, index) => `${index}@example.org`) };
  }

  @Handles(SendMail, { lane: { concurrency: 5 }, retry: { attempts: 5, delay: 1, on: lost } })
  async send({ to }: SendMail): Promise<Sent> {
    return { to, id: await this.server.send(to) };
  }

  @Handles(WriteSummary)
  summarise({ month, sent, bounced }: WriteSummary): string {
    return `${month}: ${sent.length} mails sent, ${bounced.length} came back (${bounced.join(", ")})`;
  }

  @Handles(HangUp)
  hangUp(): void {
    this.server.hangUp();
  }
}

/** What will not be otherwise the next time. */
function lost(error: unknown): Outcome | undefined {
  return error instanceof UnknownAddress ? deadLetter("unknown address") : undefined;
}
