/** A parsed JSONPath (RFC 9535), well-typed by construction. */
export type JsonPath = readonly Segment[];

/** One step of a path: what it takes of each node, or of each node and all below it. */
export interface Segment {
  readonly isDescendant: boolean;
  readonly selectors: readonly Selector[];
}

/** What one selector takes of a node. */
export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "wildcard" }
  | {
      readonly kind: "slice";
      readonly start: number | undefined;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly kind: "filter"; readonly test: FilterTest };

/** Whether an element of a list, or a member of an object, is taken: the RFC's LogicalType. */
export type FilterTest =
  | { readonly kind: "or" | "and"; readonly tests: readonly FilterTest[] }
  | { readonly kind: "not"; readonly test: FilterTest }
  | { readonly kind: "exists"; readonly query: Query }
  | {
      readonly kind: "compare";
      readonly operator: "==" | "!=" | "<" | "<=" | ">" | ">=";
      readonly left: ValueExpression;
      readonly right: ValueExpression;
    }
  /** Whether a pattern (I-Regexp) matches the whole text, or occurs in it. */
  | {
      readonly kind: "match" | "search";
      readonly text: ValueExpression;
      readonly pattern: ValueExpression;
    };

/** A path within a filter, from the element (`@`) or from the document (`$`): the RFC's NodesType. */
export interface Query {
  readonly kind: "query";
  readonly isFromRoot: boolean;
  readonly path: JsonPath;
}

/** One JSON value, or Nothing: the RFC's ValueType. A query in its place selects at most one node. */
export type ValueExpression =
  | Query
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "length"; readonly of: ValueExpression }
  | { readonly kind: "count" | "value"; readonly of: Query };
