import { parseTOML } from "toml-eslint-parser";
import type { AST } from "toml-eslint-parser";
import { appendPointer } from "../json-pointer.ts";
import type { Place, Position, PositionIndex } from "./position.ts";

type Path = readonly (string | number)[];

/** The place of every member of a valid TOML document; a table without a header of its own has that of its first child. */
export function indexToml(text: string): PositionIndex {
  const index = new Map<string, Place>();
  const [top] = parseTOML(text).body;
  index.set("", { value: { line: 1, column: 1 } });
  for (const node of top.body) {
    if (node.type === "TOMLKeyValue") indexKeyValue(index, [], node);
    else indexTable(index, node);
  }
  return index;
}

function indexTable(index: Map<string, Place>, table: AST.TOMLTable): void {
  const position = start(table);
  const place = { value: position, key: position };
  addAncestors(index, table.resolvedKey, place);
  index.set(pointerOf(table.resolvedKey), place);
  for (const entry of table.body) indexKeyValue(index, table.resolvedKey, entry);
}

function indexKeyValue(index: Map<string, Place>, base: Path, entry: AST.TOMLKeyValue): void {
  const path = [...base, ...entry.key.keys.map(nameOf)];
  const key = start(entry.key);
  addAncestors(index, path, { value: key, key });
  indexValue(index, { path, node: entry.value, key });
}

function indexValue(
  index: Map<string, Place>,
  member: { readonly path: Path; readonly node: AST.TOMLContentNode; readonly key?: Position },
): void {
  const { path, node, key } = member;
  index.set(pointerOf(path), { value: start(node), ...(key === undefined ? {} : { key }) });
  if (node.type === "TOMLArray") {
    for (const [at, element] of node.elements.entries()) {
      indexValue(index, { path: [...path, at], node: element });
    }
  }
  if (node.type === "TOMLInlineTable") {
    for (const entry of node.body) indexKeyValue(index, path, entry);
  }
}

function addAncestors(index: Map<string, Place>, path: Path, place: Place): void {
  for (let length = 1; length < path.length; length += 1) {
    const pointer = pointerOf(path.slice(0, length));
    if (!index.has(pointer)) index.set(pointer, place);
  }
}

function pointerOf(path: Path): string {
  let pointer = "";
  for (const key of path) pointer = appendPointer(pointer, key);
  return pointer;
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

/** The parser counts columns from 0. */
function start(node: { readonly loc: { readonly start: Position } }): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
