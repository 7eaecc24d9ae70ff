/** Handlers of tasks in classes, compiled in every dialect of decorators. */
import { deadLetter, Handles, On, Subscriber, type TaskDelivery } from "../../src/index.js";
import { Add, Asked, Double, Nothing } from "./setup.js";

@Subscriber({ name: "math", retry: 2 })
export class Maths {
  readonly factor = 2;
  @Handles(Double, { name: "double" })
  double(task: Double): number {
    return this.factor * task.n;
  }
  @Handles(Add, { retry: 1 })
  async add(task: Add, delivery: TaskDelivery): Promise<number> {
    delivery.progress(1, 1);
    return task.a + task.b;
  }
  @Handles(Nothing)
  static nothing(): void {}
  @On(Asked)
  asked(_task: Asked): void {}
}

export class More extends Maths {
  override double(task: Double): number {
    return -super.double(task);
  }
}

@Subscriber({ scope: "delivery" })
export class Fresh {
  static made = 0;
  readonly number = ++Fresh.made;
  @Handles(Double)
  double(_task: Double): number {
    return this.number;
  }
}

export function mistakes(): readonly [name: string, define: () => unknown, says: RegExp][] {
  return [
    [
      "an event",
      () => {
        class Wrong {
          // @ts-expect-error an event is subscribed to
          @Handles(Asked)
          asked(): void {}
        }
        return Wrong;
      },
      /Expected the task of @Handles of (Wrong\.)?asked to be a task class.*write @On, or bus\.on\(\)/,
    ],
    [
      "a task as an event",
      () => {
        class Wrong {
          // @ts-expect-error a task is handled
          @On(Double)
          double(): void {}
        }
        return Wrong;
      },
      /A task is handled, not subscribed to: write @Handles/,
    ],
    [
      "several tasks",
      () => {
        class Wrong {
          // @ts-expect-error one task
          @Handles([Double, Add])
          both(): number {
            return 0;
          }
        }
        return Wrong;
      },
      /A handler takes one task: write a method for each/,
    ],
    [
      "an instance",
      () => {
        class Wrong {
          // @ts-expect-error an instance
          @Handles(new Double({ n: 1 }))
          double(): number {
            return 0;
          }
        }
        return Wrong;
      },
      /Name the class, not an instance of it/,
    ],
    [
      "options that are no object",
      () => {
        class Wrong {
          // @ts-expect-error a number
          @Handles(Double, 3)
          double(): number {
            return deadLetter as never;
          }
        }
        return Wrong;
      },
      /Expected the options of @Handles of (Wrong\.)?double to be an object, got `3`/,
    ],
    [
      "no parentheses",
      () => {
        class Wrong {
          // @ts-expect-error no parentheses
          @Handles
          double(): number {
            return 0;
          }
        }
        return Wrong;
      },
      /@Handles needs its task: write @Handles\(Task\), with parentheses/,
    ],
  ];
}
