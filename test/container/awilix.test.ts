import { asClass, asValue, createContainer } from "awilix";
import { awilix } from "./adapters/awilix.js";
import { containerContract } from "./contract.js";
import { Ledger, Mailer, Unit } from "./parts.js";

containerContract({
  open(db) {
    const container = createContainer({ injectionMode: "CLASSIC" }).register({
      mailer: asClass(Mailer),
      unit: asClass(Unit)
        .scoped()
        .disposer((unit) => unit.dispose()),
      ledger: asClass(Ledger)
        .singleton()
        .disposer((ledger) => ledger.dispose()),
    });
    return awilix(db === undefined ? container : container.register({ db: asValue(db) }));
  },
  missing: /^OrderMails: .*'db'.*mailer -> db/,
});
