/** A parsed JSONPath (RFC 9535 without functions). */
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

/** Whether an element of a list, or a member of an object, is taken. */
export type FilterTest =
  | { readonly kind: "or" | "and"; readonly tests: readonly FilterTest[] }
  | { readonly kind: "not"; readonly test: FilterTest }
  | { readonly kind: "exists"; readonly operand: PathOperand }
  | {
      readonly kind: "compare";
      readonly operator: "==" | "!=" | "<" | "<=" | ">" | ">=";
      readonly left: Operand;
      readonly right: Operand;
    };

/** A path within a filter: from the element (`@`) or from the document (`$`). */
export interface PathOperand {
  readonly kind: "path";
  readonly isFromRoot: boolean;
  readonly path: JsonPath;
}

/** One side of a comparison. */
export type Operand =
  | PathOperand
  | { readonly kind: "literal"; readonly value: string | number | boolean | null };
