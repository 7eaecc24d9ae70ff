/** What an event class knows about itself, also across two copies of the library. */
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { definitionOf, isEvent, isEventClass } from "../../src/event/definition.js";
import { Event } from "../../src/event/event.js";

const schema = z.object({ id: z.string() });
const upcast = (old: { key: string }) => ({ id: old.key });
const key = (event: { id: string }) => event.id;
class Full extends Event("full", schema, {
  version: 3,
  aliases: ["older", "old.est"],
  key,
  transport: "durable",
  upcast,
}) {}
class Bare extends Event("bare")<{ id: string }> {}

describe("the definition of an event", () => {
  test("has what Event() was given, or the defaults", () => {
    const { base: _, format: __, ...full } = definitionOf(Full);
    expect(full).toEqual({
      name: "full",
      version: 3,
      aliases: ["older", "old.est"],
      schema,
      key,
      transport: "durable",
      upcast,
    });
    expect(definitionOf(Bare)).toMatchObject({ name: "bare", version: 1, aliases: [] });
    expect(definitionOf(class extends Event("keyed", { key })<{ id: string }> {})).toMatchObject({
      key,
      schema: undefined,
    });
  });

  test("is one object for the class, its subclasses and its instances, and frozen", () => {
    class Sub extends Bare {}
    const definition = definitionOf(Bare);
    expect(definitionOf(Sub)).toBe(definition);
    expect(definitionOf(new Bare({ id: "1" }))).toBe(definition);
    expect(definitionOf(new Sub({ id: "1" }))).toBe(definition);
    expect([Object.isFrozen(definition), Object.isFrozen(definition.aliases)]).toEqual([true, true]);
  });

  test("does not change with the options that it was made from", () => {
    const options = { version: 1, aliases: ["a"] };
    class Later extends Event("later", options) {}
    options.aliases.push("b");
    expect(definitionOf(Later).aliases).toEqual(["a"]);
  });

  test("tells events and event classes from everything else", () => {
    expect([isEventClass(Bare), isEvent(new Bare({ id: "1" }))]).toEqual([true, true]);
    for (const value of [
      undefined,
      null,
      3,
      "bare",
      {},
      { id: "1" },
      Object,
      class {},
      () => 1,
      new Bare({ id: "1" }),
    ]) {
      expect(isEventClass(value)).toBe(false);
    }
    for (const value of [undefined, null, 3, "bare", {}, { id: "1" }, Bare, Object])
      expect(isEvent(value)).toBe(false);
  });

  test("is refused of anything else, with what to do", () => {
    expect(() => definitionOf({ id: "1" } as never)).toThrow(TypeError);
    expect(() => definitionOf(class {} as never)).toThrow("Expected an event class or an event, got `");
  });

  test("is found through another copy of the library", async () => {
    const copy = (await import(
      "../../src/event/definition.js?copy" as string
    )) as typeof import("../../src/event/definition.js");
    expect(copy.definitionOf).not.toBe(definitionOf);
    expect(copy.definitionOf(Bare)).toBe(definitionOf(Bare));
    expect(copy.isEvent(new Bare({ id: "1" }))).toBe(true);
  });

  test("of a copy that writes it otherwise is refused, and the error says to install one", () => {
    class Foreign {}
    Object.assign(Foreign, { [Symbol.for("signalbox.event")]: { format: 2, name: "foreign" } });
    expect(() => definitionOf(Foreign as never)).toThrow("was made by another version of signalbox");
    expect(() => definitionOf(Foreign as never)).toThrow("npm ls signalbox");
  });
});
