/** The application that every container is asked to make. Metadata is emitted, as any class decorator makes tsc do. */
import "reflect-metadata";

const Marked: ClassDecorator = () => undefined;

export class Db {
  constructor(readonly url: string) {}
}
/** Needs a value that is known by a name. */
@Marked
export class Mailer {
  constructor(readonly db: Db) {}
}
/** The subscriber. */
@Marked
export class OrderMails {
  constructor(readonly mailer: Mailer) {}
}
/** One per scope. */
export class Unit {
  disposals = 0;
  dispose(): void {
    this.disposals += 1;
  }
}
/** One for all, whoever asks first. */
export class Ledger {
  disposals = 0;
  dispose(): void {
    this.disposals += 1;
  }
}
/** Lives for one delivery. */
@Marked
export class Worker {
  constructor(
    readonly unit: Unit,
    readonly ledger: Ledger,
  ) {}
}
/** What the bus offers of itself. */
export class Offered {
  constructor(readonly by: string) {}
}
