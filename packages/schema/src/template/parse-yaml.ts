import type * as YamlModule from "yaml";
import type { Document, LineCounter, ParsedNode, YAMLError } from "yaml";
import { quote } from "../describe-value.ts";
import type { Problem } from "../generated/problem.ts";
import { appendPointer } from "../json-pointer.ts";
import { positionsMax, problemsMax, yamlAliasesMax } from "../limits.ts";
import { parseFailure, type ParseResult } from "./parsed-template.ts";
import type { Place, Position, PositionIndex } from "./position.ts";

type Yaml = typeof YamlModule;

/** Reads one YAML 1.2 document (core schema and merge keys): no duplicate keys, no unknown tags, no alias bombs. */
export async function parseYaml(text: string): Promise<ParseResult> {
  const yaml = await import("yaml");
  const lineCounter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    lineCounter,
    merge: true,
    prettyErrors: false,
    stringKeys: true,
    // The library compares every key with every other one; `findDuplicates` takes one look at each.
    uniqueKeys: false,
  });
  const errors = [...document.errors, ...document.warnings];
  if (errors.some((error) => error.code === "RESOURCE_EXHAUSTION")) {
    throw new RangeError("the YAML parser ran out of stack");
  }
  const problems = [
    ...errors.slice(0, problemsMax).map((error) => toProblem(error, lineCounter)),
    ...findDuplicates(yaml, document.contents, lineCounter).slice(0, problemsMax),
  ];
  if (problems.length > 0) return parseFailure(...problems);
  try {
    const data: unknown = document.toJS({ maxAliasCount: yamlAliasesMax });
    const loadPositions = (): Promise<PositionIndex> =>
      Promise.resolve(indexDocument(yaml, document, lineCounter));
    return { ok: true, value: { data, warnings: [], loadPositions } };
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    const message = `more than ${yamlAliasesMax} aliases are expanded, or an alias is unknown`;
    return parseFailure({ pointer: "", line: 1, column: 1, message });
  }
}

function toProblem(error: YAMLError, lineCounter: LineCounter): Problem {
  const position = positionAt(lineCounter, error.pos[0]);
  const firstLine = error.message.split("\n", 1)[0] ?? error.message;
  const sentence = firstLine.charAt(0).toLowerCase() + firstLine.slice(1).replace(/[.:]$/, "");
  return { pointer: "", ...position, message: `invalid YAML: ${sentence}` };
}

function findDuplicates(yaml: Yaml, root: unknown, lineCounter: LineCounter): readonly Problem[] {
  const problems: Problem[] = [];
  const queue: unknown[] = [root];
  for (const node of queue) {
    if (yaml.isSeq(node)) for (const item of node.items) queue.push(item);
    if (!yaml.isMap(node)) continue;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      queue.push(value);
      const name = nameOf(yaml, key);
      const position = positionOfNode(yaml, key, lineCounter) ?? { line: 1, column: 1 };
      const isDuplicate = seen.has(name) && !isMergeKey(yaml, key);
      if (isDuplicate) problems.push(problemAt(position, `duplicate key ${quote(name)}`));
      seen.add(name);
    }
  }
  return problems;
}

function nameOf(yaml: Yaml, key: unknown): string {
  return yaml.isScalar(key) ? String(key.value) : String(key);
}

function problemAt(position: Position, message: string): Problem {
  return { pointer: "", ...position, message };
}

interface Entry {
  readonly pointer: string;
  readonly node: unknown;
  readonly key?: Position;
  /** Where an alias stands that this came through: the reader looks there, not at the anchor. */
  readonly through?: Position;
}

function indexDocument(
  yaml: Yaml,
  document: Document.Parsed<ParsedNode, true>,
  lineCounter: LineCounter,
): PositionIndex {
  const index = new Map<string, Place>();
  const queue: Entry[] = [{ pointer: "", node: document.contents }];
  const context = { yaml, document, lineCounter };
  for (const entry of queue) {
    if (index.size >= positionsMax) break;
    // A field written beside a merge key wins over the merged one, and is queued before it.
    if (index.has(entry.pointer)) continue;
    const value = entry.through ?? positionOfNode(yaml, entry.node, lineCounter) ?? entry.key;
    if (value === undefined) continue;
    index.set(entry.pointer, { value, ...(entry.key === undefined ? {} : { key: entry.key }) });
    for (const inner of entriesOf(context, entry)) queue.push(inner);
  }
  return index;
}

interface IndexContext {
  readonly yaml: Yaml;
  readonly document: Document.Parsed<ParsedNode, true>;
  readonly lineCounter: LineCounter;
}

function entriesOf(context: IndexContext, entry: Entry): readonly Entry[] {
  const { yaml, document, lineCounter } = context;
  const { node, pointer } = entry;
  if (yaml.isAlias(node)) {
    const target = node.resolve(document);
    return target === undefined ? [] : entriesOf(context, { ...entry, node: target });
  }
  if (yaml.isSeq(node)) {
    return node.items.map((item, index) => ({
      pointer: appendPointer(pointer, index),
      node: item,
    }));
  }
  if (!yaml.isMap(node)) return [];
  const fields = node.items.filter((pair) => !isMergeKey(yaml, pair.key));
  const merges = node.items.filter((pair) => isMergeKey(yaml, pair.key));
  return [
    ...fields.map((pair) => {
      const key = positionOfNode(yaml, pair.key, lineCounter);
      return {
        pointer: appendPointer(pointer, nameOf(yaml, pair.key)),
        node: pair.value,
        ...(key === undefined ? {} : { key }),
      };
    }),
    ...merges.flatMap((pair) => mergedEntries(context, entry, pair.value)),
  ];
}

function mergedEntries(context: IndexContext, entry: Entry, source: unknown): readonly Entry[] {
  const sources = context.yaml.isSeq(source) ? source.items : [source];
  return sources.flatMap((node) => entriesOf(context, { ...entry, node }));
}

function isMergeKey(yaml: Yaml, key: unknown): boolean {
  return yaml.isScalar(key) && (key.value === "<<" || typeof key.value === "symbol");
}

function positionOfNode(yaml: Yaml, node: unknown, lineCounter: LineCounter): Position | undefined {
  if (!yaml.isNode(node) || !node.range) return undefined;
  return positionAt(lineCounter, node.range[0]);
}

function positionAt(lineCounter: LineCounter, offset: number): Position {
  const { line, col } = lineCounter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
