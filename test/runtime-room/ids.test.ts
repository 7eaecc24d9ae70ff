import { describe, expect, it } from "vitest";
import { Ids } from "../../src/runtime/ids.js";
import { processRuntime } from "../../src/runtime/runtime.js";

describe("ids", () => {
  it("are different in every bus, and within one", () => {
    const made = new Set<string>();
    for (let bus = 0; bus < 100; bus++) {
      const ids = new Ids(processRuntime.host);
      for (let n = 0; n < 100; n++) made.add(ids.text(ids.next()));
    }
    expect(made.size).toBe(10_000);
  });

  it("sort as they were made", () => {
    const ids = new Ids(processRuntime.host);
    const made = Array.from({ length: 50_000 }, () => ids.text(ids.next()));
    expect(made.toSorted()).toEqual(made);
  });

  it("are the same text for the same number, of letters that are safe in a URL", () => {
    const ids = new Ids(processRuntime.host);
    const number = ids.next();
    expect(ids.text(number)).toBe(ids.text(number));
    expect(ids.text(number)).toMatch(/^[\w-]{12}-[0-9a-z]{6}$/);
  });
});
