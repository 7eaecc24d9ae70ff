/** Guesses which known word was meant by a misspelt one. */

/** " Did you mean `retry`?", ready to follow a sentence, or "" where no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  // A third of the letters, so that short names are not taken for each other.
  const nearMax = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = nearMax + 1;
  for (const candidate of known) {
    const distance = distanceOf(word, candidate, nearMax);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === undefined ? "" : ` Did you mean \`${best}\`?`;
}

function distanceOf(word: string, candidate: string, max: number): number {
  const [a, b] = [word.toLowerCase(), candidate.toLowerCase()];
  return Math.abs(a.length - b.length) > max ? Infinity : editDistance(a, b);
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const edits = [at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + same];
      if (swapped(a, b, row, column)) edits.push(at(before, column - 2) + 1);
      current.push(Math.min(...edits));
    }
    [before, above] = [above, current];
  }
  return at(above, b.length);
}

function swapped(a: string, b: string, row: number, column: number): boolean {
  return row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
}

function at(distances: readonly number[], column: number): number {
  return distances[column] ?? Infinity;
}
