import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** A mistake, and how the first line of what tsc says about it goes on after the error's number. */
interface Mistake {
  readonly what: string;
  readonly code: string;
  readonly says: RegExp;
}

const MISTAKES: readonly Mistake[] = [
  {
    what: "the wrong event",
    code: "class A { @On(OrderPlaced) handle(_event: UserSignedUp) {} }",
    says: /^TS1270: .*'Refused<\["@On\(shop\.order\.placed\)", "cannot mark a handler of", UserSignedUp\]>'/,
  },
  {
    what: "another event of equal shape",
    code: "class B { @On(OrderShipped) handle(_event: OrderReturned) {} }",
    says: /^TS1270: .*'Refused<\["@On\(shop\.order\.shipped\)", "cannot mark a handler of", OrderReturned\]>'/,
  },
  {
    what: "one of two events that the method does not take",
    code: "class C { @On([OrderPlaced, OrderShipped]) handle(_event: OrderPlaced) {} }",
    says: /^TS1270: .*'Refused<\["@On\(shop\.order\.shipped\)", "cannot mark a handler of", OrderPlaced\]>'/,
  },
  {
    what: "the wrong second parameter",
    code: "class D { @On(OrderPlaced) handle(_event: OrderPlaced, id: string) {} }",
    says: /^TS1270: .*"@On\(shop\.order\.placed\)", "calls a handler with the event and its Delivery, nothing else"/,
  },
  {
    what: "a misspelt option of @On",
    code: "class E { @On(OrderPlaced, { retyr: 3 }) handle() {} }",
    says: /^TS2561: .*'retyr' does not exist in type 'SubscriptionOptions<OrderPlaced>'\. Did you mean to write 'retry'\?/,
  },
  {
    what: "a property in the place of a method",
    code: "class F { @On(OrderPlaced) handle = (_: OrderPlaced) => {}; }",
    says: /^TS127[01]: .*'Refused<"handlers are methods: write name\(event\) { \.\.\. }, not name = \(event\) => \.\.\.">'/,
  },
  {
    what: "no parameter type",
    code: "class G { @On(OrderPlaced) handle(event) {} }",
    says: /^TS7006: Parameter 'event' implicitly has an 'any' type\./,
  },
  {
    what: "not an event class",
    code: "class H { @On(Mailer) handle() {} }",
    says: /^TS2345: Argument of type 'typeof Mailer' is not assignable to parameter of type 'Events'\./,
  },
  {
    what: "tokens that do not fit the constructor",
    code: "@Subscriber({ inject: [Midnight] }) class I { constructor(readonly mailer: Mailer) {} }",
    says: /^TS1270: .*'Refused<\["inject gives", \[Midnight\], "but the constructor takes", \[mailer: Mailer\]\]>'/,
  },
  {
    what: "a misspelt option of @Subscriber",
    code: '@Subscriber({ lanes: "mail" }) class J {}',
    says: /^TS2561: .*'lanes' does not exist in type 'SubscriberOptions<.*>'\. Did you mean to write 'lane'\?/,
  },
  {
    what: "@Subscriber without parentheses",
    code: "@Subscriber class K {}",
    says: /^TS1238: Unable to resolve signature of class decorator when called as an expression\.$/,
  },
  {
    what: "a static handler of another event",
    code: "class L { @On(OrderShipped) static handle(_event: OrderReturned) {} }",
    says: /^TS1270: .*'Refused<\["@On\(shop\.order\.shipped\)", "cannot mark a handler of", OrderReturned\]>'/,
  },
  {
    what: "handle() for another event than `static on`",
    code: "class M { static readonly on = OrderShipped; handle(_event: OrderReturned) {} } checked(M);",
    says: /^TS2345: .* & Refused<\["handle\(\) must take", OrderShipped\]>'/,
  },
  {
    what: "a handler of a task with another result",
    code: "class N { @Handles(Resize) handle(task: Resize) { return { thmb: task.path }; } }",
    says: /^TS1270: .*'Refused<\["@Handles\(image\.resize\)", "wants a handler that returns", \{ thumb: string; \}, "not", \{ thmb: string; \}\]>'/,
  },
  {
    what: "the wrong task",
    code: "class O { @Handles(Resize) handle(_task: Tidy) { return { thumb: '' }; } }",
    says: /^TS1270: .*'Refused<\["@Handles\(image\.resize\)", "cannot mark a handler of", Tidy\]>'/,
  },
  {
    what: "a link of a chain that does not take the result before it",
    code: "chain(new Resize({ path: '' }), Tidy);",
    says: /^TS2345: Argument of type 'typeof Tidy' is not assignable to parameter of type 'Link<NoInfer<\{ thumb: string; \}>, void>'\./,
  },
  {
    what: "an event in the place of work",
    code: "void bus.run(new Midnight());",
    says: /^TS2741: Property '"~result"' is missing in type 'Midnight' but required in type 'Work<unknown>'\./,
  },
  {
    what: "a method of a schedule that wants an event",
    code: 'class P { @Cron("@daily") handle(_event: OrderShipped) {} }',
    says: /^TS1270: .*'Refused<\["@Cron or @Every", "cannot mark a handler of", OrderShipped\]>'/,
  },
  {
    what: "a cron expression of four fields",
    code: 'class Q { @Cron("0 3 * *") handle() {} }',
    says: /^TS2345: Argument of type '"0 3 \* \*"' is not assignable to parameter of type 'CronExpression'\./,
  },
];

const HEAD = [
  'import { Event } from "../../src/event/event.js";',
  'import { On } from "../../src/subscriber/on.js";',
  'import { Cron } from "../../src/task/cron.js";',
  'import type { StaticCheck } from "../../src/subscriber/static-form.js";',
  'import { Subscriber } from "../../src/subscriber/subscriber.js";',
  'class OrderPlaced extends Event("shop.order.placed")<{ orderId: string; total: number }> {}',
  'class OrderShipped extends Event("shop.order.shipped")<{ orderId: string }> {}',
  'class OrderReturned extends Event("shop.order.returned")<{ orderId: string }> {}',
  'class UserSignedUp extends Event("user.signed-up")<{ userId: string }> {}',
  'class Midnight extends Event("clock.midnight") {}',
  "class Mailer { send(): void {} }",
  'import { type Bus, Handles, Task } from "../../src/index.js";',
  'import { chain } from "../../src/workflow/index.js";',
  'class Resize extends Task("image.resize")<{ path: string }, { thumb: string }> {}',
  'class Tidy extends Task("image.tidy")<{ size: number }> {}',
  "declare const bus: Bus;",
  "function checked<C extends abstract new (...args: any[]) => object>(_: C & StaticCheck<C>): void {}",
];

/** What tsc says first about each mistake, by its number. */
async function firstLines(experimentalDecorators: boolean): Promise<ReadonlyMap<number, string>> {
  const folder = new URL(
    `../../temp/mistakes-${experimentalDecorators ? "legacy" : "tc39"}/`,
    import.meta.url,
  );
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("mistakes.ts", folder), [...HEAD, ...MISTAKES.map(({ code }) => code)].join("\n"));
  const compilerOptions = { experimentalDecorators, isolatedDeclarations: false, declaration: false };
  const config = { extends: "../../tsconfig.base.json", compilerOptions, files: ["mistakes.ts"] };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify(config));
  const found = new Map<number, string>();
  for (const [, line, says] of (await tsc(folder)).matchAll(/^\S*mistakes\.ts\((\d+),\d+\): error (.*)$/gm)) {
    const index = Number(line) - HEAD.length - 1;
    if (!found.has(index)) found.set(index, says ?? "");
  }
  return found;
}

async function tsc(folder: URL): Promise<string> {
  const script = new URL("../../node_modules/@typescript/native/bin/tsc", import.meta.url);
  return await new Promise((resolve) => {
    const args = [fileURLToPath(script), "-p", fileURLToPath(folder), "--pretty", "false"];
    execFile(process.execPath, args, (_, stdout) => resolve(stdout));
  });
}

describe.each([
  ["legacy", true],
  ["TC39", false],
])("the first line of a compile error (%s)", async (_, experimentalDecorators) => {
  const lines = await firstLines(experimentalDecorators);
  test.each(MISTAKES.map((mistake, index) => ({ ...mistake, index })))("names $what", ({ index, says }) => {
    expect(lines.get(index)).toMatch(says);
  });
});
