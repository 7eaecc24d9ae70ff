/** The undo of something registered: callable, and for `using`. */
export type Undo = (() => void) & { [Symbol.dispose](): void };

/** Makes an undo that runs once. */
export function undoOf(run: () => void): Undo {
  let isDone = false;
  const undo = (): void => {
    if (isDone) return;
    isDone = true;
    run();
  };
  return Object.assign(undo, { [Symbol.dispose]: undo });
}
