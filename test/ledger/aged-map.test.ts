import { describe, expect, it } from "vitest";
import { AgedMap } from "../../src/ledger/aged-map.js";

function setup(keys: string) {
  const map = new AgedMap<string>();
  for (const key of keys) map.set(key, key.toUpperCase());
  return { map, values: () => [...map.values()].join("") };
}

/** All keys, taken from the old end. */
function drained(map: AgedMap<string>): string {
  let keys = "";
  for (let { oldest } = map; oldest !== undefined; oldest = map.oldest) {
    keys += oldest.key;
    map.delete(oldest.key);
  }
  return keys;
}

describe("an aged map", () => {
  it("knows its oldest, and the next when that is gone", () => {
    const { map } = setup("abc");
    expect(map.oldest).toMatchObject({ key: "a", value: "A" });
    expect(map.delete("a")).toBe(true);
    expect(map.oldest).toMatchObject({ key: "b", value: "B" });
    expect(drained(map)).toBe("bc");
    expect([map.size, map.oldest]).toEqual([0, undefined]);
  });

  it.each(["a", "b", "c"])("keeps the order of the others when %s goes", (gone) => {
    const { map, values } = setup("abc");
    map.delete(gone);
    map.set("d", "D");
    const left = "abcd".replace(gone, "");
    expect([map.size, values(), drained(map)]).toEqual([3, left.toUpperCase(), left]);
  });

  it("makes the youngest of what is set again", () => {
    const { map, values } = setup("abc");
    map.set("a", "A2");
    expect([map.get("a"), map.size, values()]).toEqual(["A2", 3, "BCA2"]);
    map.set("b", "B2");
    expect(drained(map)).toBe("cab");
  });

  it("begins anew when it was empty", () => {
    const { map, values } = setup("a");
    drained(map);
    map.set("b", "B");
    expect([map.oldest?.key, values()]).toEqual(["b", "B"]);
  });

  it("does nothing when what is not there is deleted", () => {
    const { map, values } = setup("ab");
    expect([map.delete("c"), map.get("c"), values()]).toEqual([false, undefined, "AB"]);
  });
});
