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

marksBehave("TC39", { Reports, Special, Wrong });
