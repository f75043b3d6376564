import type { Migration } from "./migration.ts";

/** What the steps of a run got and produced. */
export const migration0008: Migration = {
  number: 8,
  name: "step-values",
  isBreaking: false,
  sql: ({ text }) => `
ALTER TABLE steps ADD COLUMN inputs ${text} NOT NULL DEFAULT ''
;
ALTER TABLE steps ADD COLUMN outputs ${text} NOT NULL DEFAULT ''
`,
};
