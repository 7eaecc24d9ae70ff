import "reflect-metadata";
import { Inject, Injectable, Module, Scope, type Provider } from "@nestjs/common";
import { ModuleRef, NestFactory } from "@nestjs/core";
import { expect, test } from "vitest";
import { openScope } from "../../src/container/open-scope.js";
import { nest } from "./adapters/nest.js";
import { containerContract } from "./contract.js";
import { Db, Ledger, Mailer, OrderMails, Unit } from "./parts.js";

Inject("db")(Mailer, undefined, 0);
Injectable({ scope: Scope.REQUEST })(Unit);

async function moduleOf(providers: Provider[]): Promise<ModuleRef> {
  class App {}
  Module({ providers })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  return app.get(ModuleRef);
}

containerContract({
  async open(db) {
    const known: Provider[] = db === undefined ? [] : [{ provide: "db", useValue: db }, Mailer, OrderMails];
    return nest(await moduleOf([Ledger, Unit, ...known]));
  },
  // Nest itself refuses to boot with a hole in a module; what is left to find is a class that no module has.
  missing: /^OrderMails: .*could not find OrderMails/,
});

test("waits for a scope that answers with promises", async () => {
  const container = nest(await moduleOf([Unit, { provide: "db", useValue: new Db("x") }]));
  const opening = openScope(container, { target: OrderMails, inject: [Unit], name: "OrderMails" });
  expect(opening).toBeInstanceOf(Promise);
  const { subscriber } = await opening;
  expect((subscriber as { mailer: unknown }).mailer).toBeInstanceOf(Unit);
});
