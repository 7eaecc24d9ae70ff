import { describe, expect, it } from "vitest";
import { Inbox } from "../../src/ledger/inbox.js";

const [a, b] = [{}, {}];

describe("an inbox", () => {
  it("lets the first have a key, and only that, again and again", () => {
    const inbox = new Inbox(100, 10);
    expect(inbox.claim("k", a, 0)).toBe(true);
    expect(inbox.claim("k", a, 1)).toBe(true);
    expect(inbox.claim("k", b, 2)).toBe(false);
    expect(inbox.claim("other", b, 2)).toBe(true);
  });

  it("keeps a handled key for the window, to the millisecond", () => {
    const inbox = new Inbox(100, 10);
    inbox.claim("k", a, 0);
    inbox.keep("k", a, 50);
    expect(inbox.claim("k", b, 149)).toBe(false);
    expect(inbox.claim("k", a, 149)).toBe(false);
    expect(inbox.claim("k", b, 150)).toBe(true);
  });

  it("frees a key for the next, and only its owner may", () => {
    const inbox = new Inbox(100, 10);
    inbox.claim("k", a, 0);
    inbox.free("k", b);
    inbox.keep("k", b, 0);
    expect(inbox.claim("k", b, 1)).toBe(false);
    inbox.free("k", a);
    expect(inbox.claim("k", b, 1)).toBe(true);
  });

  it("never forgets one that is on its way, however many come after it", () => {
    const inbox = new Inbox(1_000_000, 10);
    inbox.claim("long", a, 0);
    for (let n = 0; n < 1_000; n++) {
      inbox.claim(`${n}`, b, n);
      inbox.keep(`${n}`, b, n);
    }
    expect(inbox.claim("long", b, 1_000)).toBe(false);
    expect(inbox.size).toBe(11);
  });

  it("forgets the oldest past its maximum", () => {
    const inbox = new Inbox(1_000, 2);
    for (const key of ["x", "y", "z"]) {
      inbox.claim(key, a, 0);
      inbox.keep(key, a, 0);
    }
    expect(inbox.size).toBe(2);
    expect(["y", "z", "x"].map((key) => inbox.claim(key, b, 1))).toEqual([false, false, true]);
  });

  it("counts a key once, also where it was kept and is owned again", () => {
    const inbox = new Inbox(100, 10);
    inbox.claim("k", a, 0);
    inbox.keep("k", a, 0);
    inbox.claim("k", b, 100);
    expect(inbox.size).toBe(1);
  });

  it("forgets at most two keys for one that comes, those whose window is over to the millisecond", () => {
    const inbox = new Inbox(100, 10_000);
    const keep = (key: string, now: number): void => {
      inbox.claim(key, a, now);
      inbox.keep(key, a, now);
    };
    for (let n = 0; n < 10; n++) keep(`${n}`, 0);
    keep("early", 99);
    expect(inbox.size).toBe(11);
    keep("in time", 100);
    expect(inbox.size).toBe(10);
  });

  it("shrinks by itself when the windows are over, also behind one that is on its way", () => {
    const inbox = new Inbox(100, 10_000);
    inbox.claim("long", a, 0);
    for (let n = 0; n < 1_000; n++) {
      inbox.claim(`old ${n}`, b, 0);
      inbox.keep(`old ${n}`, b, 0);
    }
    for (let n = 0; n < 600; n++) {
      inbox.claim(`new ${n}`, b, 101);
      inbox.keep(`new ${n}`, b, 101);
    }
    expect(inbox.size).toBe(601);
  });
});
