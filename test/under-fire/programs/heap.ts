/** The heap after two collections: what is kept, and nothing that only waits to be collected. */

const collect = globalThis.gc as () => void;

/** Bytes in use; the loop goes round first, so that whatever ends with it has ended. */
export async function heapUsed(): Promise<number> {
  for (let times = 0; times < 2; times++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}
