import { expect, test } from "vitest";
import { joinKey, leaveKey, supersede } from "../../src/lane/keys.js";
import { type Item, labels, subscription } from "./queueds.js";

function setup(count: number) {
  const { keys, item } = subscription();
  const items = Array.from({ length: count }, (_, index) =>
    item(String.fromCharCode(97 + index), { key: "k" }),
  );
  const joined = items.map((each) => {
    each.standing = "waiting";
    return joinKey(each, "k");
  });
  const chain = (): string => labels(following(keys.get("k")?.head as Item | undefined));
  return { keys, item, items, joined, chain };
}

function* following(head: Item | undefined): Generator<Item> {
  for (let at = head; at !== undefined; at = at.behind as Item | undefined) yield at;
}

test("only the first of a key may run; the next may when it has left", () => {
  const { items, joined } = setup(3);
  expect(joined).toEqual([true, false, false]);
  expect(leaveKey(items[0]!, "k")).toBe(items[1]);
  expect(leaveKey(items[1]!, "k")).toBe(items[2]);
  expect(leaveKey(items[2]!, "k")).toBeUndefined();
});

test("a key is forgotten when it is idle", () => {
  const { keys, items } = setup(1);
  expect(keys.size).toBe(1);
  leaveKey(items[0]!, "k");
  expect(keys.size).toBe(0);
});

test("one that ended behind its key is passed over", () => {
  const { items } = setup(3);
  items[1]!.standing = "ended";
  expect(leaveKey(items[0]!, "k")).toBe(items[2]);
});

test("what ends right behind a head that runs long leaves no trace, however much of it there is", () => {
  const { keys, item, items, chain } = setup(1);
  for (let flood = 0; flood < 1_000; flood++) {
    const next = item("z", { key: "k" });
    next.standing = "waiting";
    joinKey(next, "k");
    next.standing = "ended";
    leaveKey(next, "k");
  }
  expect(chain()).toBe("a");
  const last = item("l", { key: "k" });
  last.standing = "waiting";
  expect(joinKey(last, "k")).toBe(false);
  expect(leaveKey(items[0]!, "k")).toBe(last);
  expect(keys.get("k")?.last).toBe(last);
});

test("a newcomer takes the place of the last of its key that never started", () => {
  const { item, items, chain } = setup(2);
  const newcomer = item("n", { key: "k" });
  expect(supersede(newcomer, "k")).toBe(items[1]);
  expect(chain()).toBe("an");
  expect(leaveKey(items[0]!, "k")).toBe(newcomer);
});

test("a newcomer takes the place of a head that waits, and whatever the ring holds leads to it", () => {
  const { keys, item, items } = setup(1);
  const [first, second] = [item("n", { key: "k" }), item("m", { key: "k" })];
  expect(supersede(first, "k")).toBe(items[0]);
  first.standing = "waiting";
  expect(supersede(second, "k")).toBe(first);
  expect(items[0]!.successor).toBe(second);
  expect(keys.get("k")?.head).toBe(second);
});

test("of several that stand one behind the other, as replays do, a newcomer supersedes only the last", () => {
  const { item, items, chain } = setup(3);
  const newcomer = item("n", { key: "k" });
  expect(supersede(newcomer, "k")).toBe(items[2]);
  expect(chain()).toBe("abn");
});

test("what has started is superseded by nobody", () => {
  const { item, items } = setup(1);
  items[0]!.attempts = 1;
  expect(supersede(item("n", { key: "k" }), "k")).toBeUndefined();
  items[0]!.attempts = 0;
  items[0]!.standing = "running";
  expect(supersede(item("n", { key: "k" }), "k")).toBeUndefined();
  expect(supersede(item("n", { key: "other" }), "other")).toBeUndefined();
});
