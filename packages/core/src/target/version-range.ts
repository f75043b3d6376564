/** Whether a version lies in [minVersion, maxVersion]; an empty bound is open. Compared number by number. */
export function isVersionWithin(
  version: string,
  range: { readonly minVersion: string; readonly maxVersion: string },
): boolean {
  if (range.minVersion !== "" && compareVersions(version, range.minVersion) < 0) return false;
  return range.maxVersion === "" || compareVersions(version, range.maxVersion) <= 0;
}

function compareVersions(left: string, right: string): number {
  const leftParts = partsOf(left);
  const rightParts = partsOf(right);
  const length = Math.max(leftParts.length, rightParts.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (leftParts[index] ?? 0) - (rightParts[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Text that is no number counts as 0; a leading "v" and what follows "-" or "+" say nothing about the order here. */
function partsOf(version: string): number[] {
  const core = version.trim().replace(/^v/, "").split(/[-+]/, 1)[0] ?? "";
  return core.split(".").map((part) => Number.parseInt(part, 10) || 0);
}
