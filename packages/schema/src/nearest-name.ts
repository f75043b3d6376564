const comparedLengthMax = 64;

/**
 * The known name that a person probably meant, or undefined when none is near: the same letters in another case or with
 * other separators, its beginning, or few letters changed, swapped, left out or added.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain =
    known.find((candidate) => letters(candidate) === letters(name)) ?? beginsWith(name, known);
  if (plain !== undefined || name.length > comparedLengthMax) return plain;
  const distanceMax = Math.max(1, Math.floor(name.length / 3));
  const ranked = known
    .filter((candidate) => Math.abs(candidate.length - name.length) <= distanceMax)
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= distanceMax)
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

const prefixLengthMin = 4;

/** `timeout` for `timeoutSeconds`, when only one known name begins so. */
function beginsWith(name: string, known: readonly string[]): string | undefined {
  if (name.length < prefixLengthMin) return undefined;
  const longer = known.filter((candidate) => letters(candidate).startsWith(letters(name)));
  return longer.length === 1 ? longer[0] : undefined;
}

function letters(name: string): string {
  return name.toLowerCase().replaceAll(/[_\-\s]/g, "");
}

/** Edits between two words, where swapping two neighbours counts once (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      current.push(cost({ from, to, row, column, beforePrevious, previous, current }));
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function cost(cell: {
  readonly from: string;
  readonly to: string;
  readonly row: number;
  readonly column: number;
  readonly beforePrevious: readonly number[];
  readonly previous: readonly number[];
  readonly current: readonly number[];
}): number {
  const { from, to, row, column } = cell;
  const changed = from[row - 1] === to[column - 1] ? 0 : 1;
  const best = Math.min(
    at(cell.previous, column) + 1,
    at(cell.current, column - 1) + 1,
    at(cell.previous, column - 1) + changed,
  );
  const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
  return row > 1 && column > 1 && isSwap
    ? Math.min(best, at(cell.beforePrevious, column - 2) + 1)
    : best;
}

function at(cells: readonly number[], index: number): number {
  return cells[index] ?? Number.POSITIVE_INFINITY;
}
