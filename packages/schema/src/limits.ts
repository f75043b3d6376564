/** The size of a template's text, in UTF-16 code units: what fits in one request and can be read at once. */
export const templateLengthMax: number = 1_048_576;

/** How deep lists and objects of a template may nest. */
export const templateDepthMax = 32;

/** How many entries any list may have before the schema looks at it: the longest list is that of nodes. */
export const listLengthMax = 100_000;

/** How many entries a list of lists or objects may have; checking them costs more than checking text. */
export const nestedListLengthMax = 1000;

/** How many fields one object may have. */
export const fieldCountMax = 1000;

/** How many times YAML aliases may be expanded in one file; more is a bomb, not a template. */
export const yamlAliasesMax = 100;

/** How many entries of a file get a recorded position; a problem beyond them is shown at the nearest one before. */
export const positionsMax = 1_000_000;

/** How many violations are worked into problems; a file with more is broken in one way many times. */
export const violationsMax = 1000;

/** How many problems one answer lists; the last one then says how many more there are. */
export const problemsMax = 100;

/** How much of a user's own text a message repeats. */
export const quotedLengthMax = 60;
