import "../../src/tsyringe/index.js";
import { createRequire } from "node:module";
import { beforeEach, describe, expect, test } from "vitest";
import type { Token } from "../../src/container/container.js";
import { resolveSubscribers } from "../../src/container/resolve-all.js";
import * as door from "../../src/tsyringe/index.js";
import { container, delay, inject, injectable, Lifecycle, tsyringe } from "../../src/tsyringe/index.js";
import { containerContract } from "./contract.js";
import { Db, Ledger, Mailer, Offered, OrderMails, Unit } from "./parts.js";

const Marked: ClassDecorator = () => undefined;
inject("db")(Mailer, undefined, 0);
injectable()(Mailer);

function setup() {
  const root = container.createChildContainer();
  const faultsOf = async (...targets: (new (...args: never[]) => object)[]) => {
    const wanted = targets.map((target) => ({ target, inject: undefined, name: target.name }));
    return (await resolveSubscribers(tsyringe(root), wanted)).faults;
  };
  return { root, port: tsyringe(root), faultsOf };
}

describe("the contract", () => {
  containerContract({
    open(db) {
      const { root, port } = setup();
      root.register(Unit, Unit, { lifecycle: Lifecycle.ContainerScoped });
      root.registerSingleton(Ledger);
      if (db !== undefined) root.registerInstance("db", db);
      return port;
    },
    missing: /^OrderMails → Mailer → "db": nothing is registered under it\./,
  });
});

describe("what a class takes", () => {
  test("needs no @injectable on a subscriber", () => {
    const { root, port } = setup();
    root.registerInstance("db", new Db("x"));
    expect((port.resolve(OrderMails) as OrderMails).mailer).toBeInstanceOf(Mailer);
  });

  test("fills the parameters that a subclass passes on to its parent, names included", () => {
    @Marked
    class Parent {
      constructor(@inject("db") readonly db: Db) {}
    }
    class Child extends Parent {}
    const { root, port } = setup();
    const db = new Db("x");
    root.registerInstance("db", db);
    expect((port.resolve(Child) as Child).db).toBe(db);
  });

  test("injects what was provided, as the bus provides itself", () => {
    @Marked
    class Orders {
      constructor(readonly bus: Offered) {}
    }
    const { port } = setup();
    const bus = new Offered("the bus");
    port.provide(Offered, bus);
    expect((port.resolve(Orders) as Orders).bus).toBe(bus);
  });

  test("resolves a class that the container makes by a factory, whatever its constructor takes", () => {
    class ByHand {
      constructor(readonly url: string) {}
    }
    const { root, port } = setup();
    root.register(ByHand, { useFactory: () => new ByHand("made") });
    expect((port.resolve(ByHand) as ByHand).url).toBe("made");
  });
});

describe("faults", () => {
  test("says that a subscriber was defined before reflect-metadata was loaded", async () => {
    class OrderReports {
      constructor(readonly mailer: Mailer) {}
    }
    expect(await setup().faultsOf(OrderReports)).toEqual([
      "OrderReports was defined before reflect-metadata was loaded, or compiled without metadata. Make " +
        '`import "signalbox/tsyringe"` the first import of the program and compile with emitDecoratorMetadata ' +
        "(esbuild and tsx cannot), or name the tokens with `inject: […]`.",
    ]);
  });

  test("says the same of a subclass that would hand undefined to its parent", async () => {
    class Parent {
      constructor(readonly mailer: Mailer) {}
    }
    class Child extends Parent {}
    expect(await setup().faultsOf(Child)).toEqual([expect.stringContaining("Child was defined before")]);
  });

  test("collects the faults of all subscribers and all parameters, each with its path", async () => {
    @Marked
    class Reports {
      constructor(
        readonly mailer: Mailer,
        @inject("bucket") readonly bucket: unknown,
      ) {}
    }
    expect(await setup().faultsOf(OrderMails, Reports)).toEqual([
      expect.stringMatching(/^OrderMails → Mailer → "db": /),
      expect.stringMatching(/^Reports → Mailer → "db": /),
      expect.stringMatching(/^Reports → "bucket": /),
    ]);
  });

  test("shows a circle as a path instead of overflowing the stack", async () => {
    @Marked
    class A {
      constructor(@inject("b") readonly b: unknown) {}
    }
    @Marked
    class B {
      constructor(@inject("a") readonly a: unknown) {}
    }
    const { root, faultsOf } = setup();
    root.register("a", { useClass: A }).register("b", { useClass: B });
    const [fault] = await faultsOf(A);
    expect(fault).toMatch(/^A → "b" → B → "a" → A: this is a circle/);
  });

  test("shows a circle that leads through an alias", async () => {
    @Marked
    class A {
      constructor(@inject("alias") readonly a: unknown) {}
    }
    const { root, faultsOf } = setup();
    root.register("alias", { useToken: A });
    expect(await faultsOf(A)).toEqual([expect.stringMatching(/^A → "alias" → A: this is a circle/)]);
  });

  test("lets a circle pass that is broken with delay", async () => {
    @Marked
    class A {
      constructor(@inject(delay(() => B)) readonly b: unknown) {}
    }
    @Marked
    class B {
      constructor(readonly a: A) {}
    }
    expect(await setup().faultsOf(B)).toEqual([]);
  });

  test("names a parameter whose type does not exist at run time", async () => {
    interface Rates {
      of(currency: string): number;
    }
    @Marked
    class Prices {
      constructor(readonly rates: Rates) {}
    }
    expect(await setup().faultsOf(Prices)).toEqual([
      expect.stringMatching(/^Prices: parameter 1 of its constructor has no class at run time/),
    ]);
  });

  test("names a dependency that nobody decorated", async () => {
    class Bare {
      constructor(readonly url: string) {}
    }
    @Marked
    class Needy {
      constructor(readonly bare: Bare) {}
    }
    expect(await setup().faultsOf(Needy)).toEqual([
      expect.stringMatching(/^Needy → Bare: its constructor has parameters and nothing says what they are/),
    ]);
  });

  test("says so when the container is of another copy of tsyringe", async () => {
    const require = createRequire(import.meta.url);
    for (const file of Object.keys(require.cache)) if (file.includes("tsyringe")) delete require.cache[file];
    const other = require("tsyringe") as typeof door;
    other.container.registerInstance(Mailer, new Mailer(new Db("x")));
    const wanted = { target: OrderMails, inject: undefined, name: "OrderMails" };
    const { faults } = await resolveSubscribers(tsyringe(other.container), [wanted]);
    expect(faults).toEqual([expect.stringMatching(/^OrderMails: .* another copy of tsyringe/)]);
  });

  test("knows at the start what a subscriber of scope delivery lacks, without making it", async () => {
    const { port } = setup();
    const given: Token[] = [Offered];
    @Marked
    class Scoped {
      constructor(
        readonly offered: Offered,
        @inject("tenant") readonly tenant: string,
      ) {
        throw new Error("made");
      }
    }
    const wanted = { target: Scoped, inject: undefined, name: "Scoped", scope: "delivery" as const };
    const { instances, faults } = await resolveSubscribers(port, [wanted], given);
    expect(instances).toEqual([undefined]);
    expect(faults).toEqual([expect.stringMatching(/^Scoped → "tenant": nothing is registered/)]);
  });
});

describe("scopes", () => {
  let made: Ledger[] = [];
  beforeEach(() => (made = []));

  test("leaves a singleton alive that a scope was the first to need", async () => {
    class Book extends Ledger {
      constructor() {
        super();
        made.push(this);
      }
    }
    @Marked
    class Writer {
      constructor(readonly book: Book) {}
    }
    const { root, port } = setup();
    root.registerSingleton(Book);
    const scope = port.createScope?.();
    expect((scope?.resolve(Writer) as Writer | undefined)?.book).toBe(made[0]);
    await scope?.dispose();
    expect(made.map((each) => each.disposals)).toEqual([0]);
    await root.dispose();
    expect(made.map((each) => each.disposals)).toEqual([1]);
  });
});

test("hands on tsyringe's names one by one, and no others", async () => {
  const { default: all } = await import("tsyringe");
  const theirs = Object.keys(all).filter((name) => name !== "__esModule");
  expect(Object.keys(door).toSorted()).toEqual([...theirs, "tsyringe"].toSorted());
});
