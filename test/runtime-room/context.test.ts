import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import {
  CallerContext,
  currentFrame,
  type Frame,
  withFrame,
  withoutContext,
} from "../../src/runtime/context.js";
import { filesUnder, textOf } from "../support/repository.js";

const tenants = new AsyncLocalStorage<string>();
const frame = (): Frame => ({ bus: {} });
const caller = (tenant: string): CallerContext => tenants.run(tenant, () => new CallerContext());

describe("the context of a caller", () => {
  it("is there while a handler runs in it, with the frame, and nowhere else", async () => {
    const own = frame();
    const seen: unknown[] = [];
    const look = (): void => void seen.push(tenants.getStore(), currentFrame());
    const ran = caller("a").run(
      own,
      async () => {
        look();
        await Promise.resolve();
        look();
        await new Promise(setImmediate);
        look();
      },
      undefined,
    );
    look();
    await ran;
    look();
    const [inside, outside] = [
      ["a", own],
      [undefined, undefined],
    ];
    expect(seen).toEqual([...inside, ...outside, ...inside, ...inside, ...outside]);
  });

  it("is the same for every handler that runs in it, each with its own frame", () => {
    const context = caller("a");
    const frames = [frame(), frame(), frame()];
    const seen = frames.map((own) => context.run(own, () => [tenants.getStore(), currentFrame()], undefined));
    expect(seen).toEqual(frames.map((own) => ["a", own]));
    expect(currentFrame()).toBeUndefined();
  });

  it("does not keep what a handler enters: the next one finds the caller's own", () => {
    const context = caller("a");
    const seen = [1, 2].map(() =>
      context.run(
        frame(),
        () => {
          const found = tenants.getStore();
          tenants.enterWith("left behind");
          return found;
        },
        undefined,
      ),
    );
    expect(seen).toEqual(["a", "a"]);
    expect(tenants.getStore()).toBeUndefined();
  });

  it("is not mixed up with that of others that run at the same time", async () => {
    const leaks: string[] = [];
    const run = async (name: string): Promise<void> => {
      const own = frame();
      await caller(name).run(
        own,
        async () => {
          for (let n = 0; n < 5; n++) {
            await new Promise(setImmediate);
            if (tenants.getStore() !== name || currentFrame() !== own) leaks.push(name);
          }
        },
        undefined,
      );
    };
    await Promise.all(Array.from({ length: 200 }, (_, n) => run(`t${n}`)));
    expect(leaks).toEqual([]);
  });

  it("hands its subject on, gives the answer back, and comes out whole from a throw", () => {
    const context = caller("a");
    expect(context.run(frame(), (subject) => [subject], 7)).toEqual([7]);
    const broken = (): never => {
      throw new Error("bad");
    };
    expect(() => context.run(frame(), broken, undefined)).toThrow("bad");
    expect([tenants.getStore(), currentFrame()]).toEqual([undefined, undefined]);
  });
});

describe("withFrame and withoutContext", () => {
  it("set a frame for a while, and leave the caller's context as it was", () => {
    const [outer, inner] = [frame(), frame()];
    withFrame(outer, () => {
      expect(withFrame(inner, currentFrame)).toBe(inner);
      expect(currentFrame()).toBe(outer);
      expect(withFrame(undefined, currentFrame)).toBeUndefined();
      expect(withoutContext(currentFrame)).toBeUndefined();
      expect(tenants.run("a", () => withoutContext(() => tenants.getStore()))).toBeUndefined();
      expect(currentFrame()).toBe(outer);
    });
  });
});

describe("the storage of the engine", () => {
  it("is one for the process, however many buses there are", () => {
    const engine = filesUnder("src", ".ts").filter((file) => !file.startsWith("src/testing/"));
    const makes = engine.filter((file) => textOf(file).includes("new AsyncLocalStorage"));
    expect(makes).toEqual(["src/runtime/context.ts"]);
    const [head] = textOf("src/runtime/context.ts").split("new AsyncLocalStorage");
    expect(head).toMatch(/\nconst frames = $/); // made with the module, not in a function
  });
});
