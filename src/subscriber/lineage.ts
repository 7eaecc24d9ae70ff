/** What a class inherits, as people expect: the base's marks, unless an override has marks of its own. */
import { type HandlerMark, marksOf } from "./marks.js";
import type { SubscriberClass } from "./subscriber-options.js";

/** The class and all that it extends, the root first. */
export function lineageOf(target: SubscriberClass): readonly SubscriberClass[] {
  const classes: SubscriberClass[] = [];
  let current: unknown = target;
  while (typeof current === "function" && current !== Function.prototype) {
    classes.unshift(current as SubscriberClass);
    current = Object.getPrototypeOf(current);
  }
  return classes;
}

/** The marks that count for a class: the base's first, top to bottom, those of instances before static ones. */
export function collectMarks(target: SubscriberClass): readonly HandlerMark[] {
  const all = lineageOf(target).map((each) => marksOf(each).flatMap((marks) => marks.handlers));
  return [false, true].flatMap((isStatic) => [...collectSide(all, isStatic).values()].flat());
}

type ByMethod = Map<string | symbol, readonly HandlerMark[]>;

/** A class that marks a method again replaces all of the base's marks of it, in their place. */
function collectSide(all: readonly (readonly HandlerMark[])[], isStatic: boolean): ByMethod {
  const collected: ByMethod = new Map();
  for (const own of all) {
    for (const [method, marks] of byMethod(own.filter((mark) => mark.isStatic === isStatic))) {
      collected.set(method, marks);
    }
  }
  return collected;
}

function byMethod(marks: readonly HandlerMark[]): ByMethod {
  const grouped: ByMethod = new Map();
  // Decorators of one method run from the bottom up: put them back as they are written.
  for (const mark of marks) grouped.set(mark.method, [mark, ...(grouped.get(mark.method) ?? [])]);
  return grouped;
}
