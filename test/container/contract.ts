/** What every container must do behind the port. */
import { expect, test } from "vitest";
import type { Container, Token } from "../../src/container/container.js";
import { openScope } from "../../src/container/open-scope.js";
import { resolveSubscribers } from "../../src/container/resolve-all.js";
import { Db, Ledger, Mailer, Offered, OrderMails, Unit, Worker } from "./parts.js";

export interface Subject {
  /** A container that knows the parts, and `db` under the name "db" where it is given. */
  open(db: Db | undefined): Container | Promise<Container>;
  /** For a container that has to be told what OrderMails takes. */
  inject?: readonly Token[];
  /** What the fault says when "db" is missing. */
  missing: RegExp;
}

export function containerContract(subject: Subject): void {
  const db = new Db("sqlite::memory:");
  const mails = { target: OrderMails, inject: subject.inject, name: "OrderMails" };
  const worker = { target: Worker, inject: [Unit, Ledger], name: "Worker" };

  test("makes a subscriber with what it needs", async () => {
    const { instances, faults } = await resolveSubscribers(await subject.open(db), [mails]);
    expect(faults).toEqual([]);
    expect(instances[0]).toBeInstanceOf(OrderMails);
    expect((instances[0] as OrderMails).mailer).toBeInstanceOf(Mailer);
    expect((instances[0] as OrderMails).mailer.db).toBe(db);
  });

  test("resolves a name", async () => {
    const container = await subject.open(db);
    expect(container.resolve("db")).toBe(db);
  });

  test("gives what was provided under a class, to subscribers too", async () => {
    const container = await subject.open(db);
    const bus = new Offered("the bus");
    container.provide(Offered, bus);
    expect(container.resolve(Offered)).toBe(bus);
    const wanted = { target: OrderMails, inject: [Offered], name: "OrderMails" };
    const { instances } = await resolveSubscribers(container, [wanted]);
    expect((instances[0] as OrderMails).mailer).toBe(bus);
  });

  test("lets the latest provided value win", async () => {
    const container = await subject.open(db);
    const other = new Db("other");
    container.provide("db", new Db("first"));
    container.provide("db", other);
    expect(container.resolve("db")).toBe(other);
  });

  test("makes a fresh instance per scope and shares what is shared", async () => {
    const container = await subject.open(db);
    const [one, two] = [await openScope(container, worker), await openScope(container, worker)];
    const [first, second] = [one.subscriber as Worker, two.subscriber as Worker];
    expect(first.unit).toBeInstanceOf(Unit);
    expect(second.unit).not.toBe(first.unit);
    expect(second.ledger).toBe(first.ledger);
  });

  test("disposes with a scope what the scope made, and only that", async () => {
    const container = await subject.open(db);
    const [one, two] = [await openScope(container, worker), await openScope(container, worker)];
    await one.dispose();
    const [first, second] = [one.subscriber as Worker, two.subscriber as Worker];
    expect([first.unit.disposals, first.ledger.disposals, second.unit.disposals]).toEqual([1, 0, 0]);
  });

  test("keeps what is provided in a scope to that scope", async () => {
    const container = await subject.open(db);
    const [here, outside] = [new Offered("here"), new Offered("outside")];
    container.provide(Offered, outside);
    const wanted = { target: OrderMails, inject: [Offered], name: "OrderMails" };
    const scoped = await openScope(container, wanted, [[Offered, here]]);
    expect((scoped.subscriber as OrderMails).mailer).toBe(here);
    expect(container.resolve(Offered)).toBe(outside);
  });

  test("names the path of tokens to what is missing", async () => {
    const { instances, faults } = await resolveSubscribers(await subject.open(undefined), [mails]);
    expect(instances).toEqual([undefined]);
    expect(faults).toEqual([expect.stringMatching(subject.missing)]);
  });
}
