/** The page of defaults keeps its word: its tables are those that check the options. */
import { describe, expect, it } from "vitest";

import { busOptions } from "../src/dispatch/bus-options.js";
import { HOPS_MAX } from "../src/dispatch/planner.js";
import { policyOptions, subscriptionOptions } from "../src/dispatch/policy-options.js";
import { publishOptions } from "../src/dispatch/publish-options.js";
import { timingOptions } from "../src/dispatch/schedule-options.js";
import { eventOptions } from "../src/event/definition.js";
import { createBus, Event, type EventClass } from "../src/index.js";
import { laneLimits, laneOptions } from "../src/lane/lane-options.js";
import { retryPolicy } from "../src/pipeline/retrying.js";
import type { Option, OptionTable } from "../src/runtime/options.js";
import { toMs } from "../src/runtime/duration.js";
import { MISSED_MAX } from "../src/schedule/schedules.js";
import { textOf } from "./support/repository.js";

const PAGE = textOf("docs/important-defaults.md");

const SECTIONS: readonly (readonly [string, OptionTable])[] = [
  ["Subscriptions", subscriptionOptions],
  ["Lanes", laneOptions],
  ["The bus", busOptions],
  ["Publishing", publishOptions],
  ["Schedules", timingOptions],
  ["Events", eventOptions],
];

/** The rows of a section's table: option and default, without code marks. */
function rowsOf(page: string, section: string): (readonly [string, string])[] {
  const part = page.split(/^## /m).find((each) => each.startsWith(`${section}\n`)) ?? "";
  const rows = part.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((line) => {
    const [, option = "", shown = ""] = line.split("|").map((cell) => cell.trim());
    return [option.replaceAll("`", ""), shown.replaceAll(/[`"]/g, "")];
  });
}

/** What the page must show, nested options under dotted names; lanes and policies have sections of their own. */
function expectedRows(table: OptionTable, prefix = ""): (readonly [string, string])[] {
  return Object.entries(table).flatMap(([name, option]) => {
    const isElsewhere = option.table === laneOptions || option.table === policyOptions;
    const nested = isElsewhere || option.table === undefined ? {} : option.table;
    return [[prefix + name, shownDefault(option)] as const, ...expectedRows(nested, `${prefix}${name}.`)];
  });
}

function shownDefault({ required, default: value }: Option): string {
  if (required === true) return "required";
  if (value === undefined) return "–";
  return typeof value === "number" ? value.toLocaleString("en") : String(value as string);
}

describe("the tables of important defaults", () => {
  it.each(SECTIONS)("tell every option and its default: %s", (section, table) => {
    expect(rowsOf(PAGE, section)).toEqual(expectedRows(table));
  });

  it("are what the sources do where nothing is set: lanes", () => {
    const limits = laneLimits({});
    const shown = Object.fromEntries(expectedRows(laneOptions));
    expect(shown).toMatchObject({
      concurrency: String(limits.concurrency),
      capacity: limits.capacity.toLocaleString("en"),
      overflow: limits.overflow,
    });
    expect(limits.waitMaxMs).toBe(toMs(shown["waitMax"] as "30s", "waitMax"));
    expect(limits.waitingMax).toBe(limits.capacity);
  });

  it("are what the sources do where nothing is set: retries", () => {
    const shown = Object.fromEntries(expectedRows(subscriptionOptions));
    const policy = retryPolicy({ attempts: 3 }, () => 0); // jitter, if it is on, changes nothing at 0
    expect(String(retryPolicy(undefined, () => 0).attempts)).toBe(shown["retry"]);
    expect(policy.delayMs(1, undefined)).toBe(toMs(shown["retry.delay"] as "1s", "delay"));
    expect(policy.delayMs(2, undefined)).toBe(2 * policy.delayMs(1, undefined)); // exponential
    expect(policy.delayMs(99, undefined)).toBe(toMs(shown["retry.delayMax"] as "5m", "delayMax"));
    expect(String(retryPolicy({ attempts: 2 }, () => 1).delayMs(1, undefined) === 500)).toBe(
      shown["retry.jitter"],
    );
  });

  it("are what a bus does where nothing is set", async () => {
    class Nothing extends Event("defaults.nothing") {}
    const bus = createBus({ onUnhandled: "ignore" });
    bus.on(Nothing as EventClass, { name: "only" }, () => undefined);
    await bus.start();
    const [only] = bus.describe().subscriptions;
    expect(only).toMatchObject({ attempts: subscriptionOptions["retry"]?.default, timeoutMs: undefined });
    expect(bus.explain("none")).toEqual([]); // no journal
    await bus.close();
  });

  it("have the fixed numbers of the sources", () => {
    const fixed =
      PAGE.split("## Fixed numbers")[1]
        ?.split("\n")
        .filter((line) => line.startsWith("|")) ?? [];
    const number = (what: string): number => {
      const [, , is = ""] = fixed.find((line) => line.includes(what))?.split("|") ?? [];
      return Number(/[\d,]+/.exec(is)?.[0].replaceAll(",", ""));
    };
    const inSource = (file: string, name: string): number =>
      Number(new RegExp(`${name} = ([\\d_]+)`).exec(textOf(file))?.[1]?.replaceAll("_", ""));
    expect(number("hops")).toBe(HOPS_MAX);
    expect(number("invoke")).toBe(inSource("src/dispatch/invoke.ts", "DEPTH_MAX"));
    expect(number("stream")).toBe(inSource("src/dispatch/stream.ts", "capacity"));
    expect(number("settled")).toBe(inSource("src/ledger/tree.ts", "LISTED_MAX"));
    expect(number("times of a schedule")).toBe(MISSED_MAX);
    expect(number("lowest priority")).toBe(inSource("src/lane/rings.ts", "LOWEST_TURN"));
    expect(number("replaces work")).toBe(inSource("src/dispatch/task-run.ts", "REPLACED_MAX"));
    expect(number("members of a group")).toBe(inSource("src/workflow/group.ts", "CONCURRENCY_DEFAULT"));
    expect(number("handle.progress")).toBe(inSource("src/dispatch/progress-feed.ts", "KEPT_MAX"));
    expect(number("not ready")).toBe(inSource("src/dispatch/health.ts", "RECENT_MAX"));
    expect(`${number("deadline")}s`).toBe(/deadline \?\? "(\d+s)"/.exec(textOf("src/bus.ts"))?.[1]);
  });
});

describe("the comparison of the tables", () => {
  const table: OptionTable = {
    size: { expects: "", is: () => true, about: "", default: 10_000 },
    how: { expects: "", is: () => true, about: "" },
  };

  it("finds a row that is missing, one too many, and another default", () => {
    const right = "## Some\n\n| `size` | 10,000 | why |\n| `how` | – | why |\n";
    expect(rowsOf(right, "Some")).toEqual(expectedRows(table));
    for (const wrong of [
      right.replace("| `how` | – | why |\n", ""),
      `${right}| \`more\` | – | why |\n`,
      right.replace("10,000", "9"),
    ])
      expect(rowsOf(wrong, "Some")).not.toEqual(expectedRows(table));
  });
});
