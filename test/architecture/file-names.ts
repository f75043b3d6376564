const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*$/;

/** Names that say nothing about what is inside. */
const emptyNames = new Set(["common", "shared", "misc", "types", "models", "lib"]);
const emptyWords = /(?:^|-)(?:utils?|helpers?)(?:-|$)/;

/** Says what is wrong with a source file's path, or nothing. */
export function findNameProblem(path: string): string | undefined {
  const names = path
    .split("/")
    .map((name, position, all) =>
      position === all.length - 1 ? (name.split(".")[0] ?? "") : name,
    );
  const fileName = path.slice(path.lastIndexOf("/") + 1);
  if (!kebabCase.test(fileName)) return `${path}: not kebab-case`;
  const empty = names.find((name) => emptyNames.has(name) || emptyWords.test(name));
  if (empty !== undefined) return `${path}: "${empty}" names no responsibility`;
  if (fileName === "index.ts" && !/^packages\/[^/]+\/src\/index\.ts$/.test(path)) {
    return `${path}: only a package's entry is called index.ts`;
  }
  return undefined;
}
