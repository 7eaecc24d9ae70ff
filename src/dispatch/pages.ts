/** Reading what a store lists. */

const PAGE = 100;

/** Everything that a store lists, page by page. */
export async function* pagesOf<T>(
  read: (after: string | undefined, limit: number) => readonly T[] | Promise<readonly T[]>,
  idOf: (entry: T) => string,
): AsyncGenerator<T> {
  for (let after: string | undefined; ;) {
    const page = await read(after, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    after = idOf(page.at(-1)!);
  }
}
