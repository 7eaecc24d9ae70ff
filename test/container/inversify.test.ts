import "reflect-metadata";
import { Container, decorate, inject, injectable } from "inversify";
import { inversify } from "./adapters/inversify.js";
import { containerContract } from "./contract.js";
import { Ledger, Mailer, OrderMails, Unit, Worker } from "./parts.js";

for (const part of [OrderMails, Mailer, Unit, Ledger, Worker]) decorate(injectable(), part);
decorate(inject("db"), Mailer, 0);

containerContract({
  open(db) {
    const container = new Container();
    container.bind(Mailer).toSelf();
    container.bind(Ledger).toSelf().inSingletonScope();
    if (db !== undefined) container.bind("db").toConstantValue(db);
    return inversify(container, (scope) => {
      scope
        .bind(Unit)
        .toSelf()
        .inSingletonScope()
        .onDeactivation((unit) => unit.dispose());
    });
  },
  missing: /^OrderMails: .*db.*Mailer/,
});
