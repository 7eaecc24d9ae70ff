/** The names of events and of subscriptions. */
import { describe, expect, test } from "vitest";

import { isEventName, isSubscriptionName } from "../../src/event/names.js";

const tokens = (count: number) => Array.from({ length: count }, () => "a").join(".");

describe("a name", () => {
  test.each([
    "a",
    "shop.order.placed",
    "user.signed-up",
    "0",
    "_._",
    "a".repeat(64),
    tokens(16),
    `${"a".repeat(63)}.${"b".repeat(64)}`,
  ])("may be %s, of an event and of a subscription", (name) => {
    expect([isEventName(name), isSubscriptionName(name)]).toEqual([true, true]);
  });

  test.each(["OrderMails.send", "Shop"])("may have capitals, as %s, of a subscription only", (name) => {
    expect([isEventName(name), isSubscriptionName(name)]).toEqual([false, true]);
  });

  test.each<[unknown]>([
    [""],
    ["."],
    [".a"],
    ["a."],
    ["a..b"],
    ["a b"],
    ["a*"],
    ["a#2"],
    ["é"],
    ["a\n"],
    ["$"],
    ["a/b"],
    ["a:b"],
    ["a".repeat(65)],
    [tokens(17)],
    [`${"a".repeat(64)}.${"b".repeat(64)}`],
    [3],
    [undefined],
    [null],
    [["a"]],
  ])("is never %j", (name) => {
    expect([isEventName(name), isSubscriptionName(name)]).toEqual([false, false]);
  });
});
