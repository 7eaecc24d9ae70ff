import { expect, test } from "vitest";
import { Cron, Delivery, Every, Tick } from "../../src/index.js";
import { marksBehave, noted } from "./marks.shared.js";

class Reports {
  @Cron("0 3 * * *", { retry: { attempts: 2, delay: "1s" } })
  report(tick: Tick, delivery: Delivery<Tick>): void {
    noted("report", tick, delivery);
    throw new Error("no");
  }
  @Every("90m")
  @Cron("0 12 * * *", { timeZone: "Europe/Berlin" })
  async sweep(tick: Tick, delivery: Delivery<Tick>): Promise<void> {
    noted("sweep", tick, delivery);
  }
}

class Special extends Reports {
  override report(): void {}
  @Every("2h")
  override async sweep(): Promise<void> {}
}

class Wrong {
  @Cron("0 3 * *" as "@daily")
  a(): void {}
  @Every("soon" as "1s")
  b(): void {}
  @Cron("@daily", { timezone: "UTC" } as object)
  c(): void {}
}

marksBehave("legacy", { Reports, Special, Wrong });

test("a mark without parentheses, on anything but a method, or with wrong options is a TypeError", () => {
  const context = { kind: "method", name: "a", addInitializer: () => undefined };
  expect(() => (Cron as Function)(() => undefined, context)).toThrow(
    'needs to know when: write @Cron("0 3 * * *"), with parentheses.',
  );
  expect(() => (Every as Function)({}, "a", {})).toThrow('@Every needs to know when: write @Every("5m")');
  expect(() => (Every("5m") as Function)(class {}, undefined)).toThrow("@Every marks methods, not classes.");
  expect(() => (Every("5m", [] as object) as Function)({}, "a", { value: () => undefined })).toThrow(
    "Expected the options of @Every of Object.a to be an object",
  );
});
