import type { Migration } from "./migration.ts";

/** Groups that wait after a batch before they start the next one. */
export const migration0006: Migration = {
  number: 6,
  name: "soak",
  isBreaking: false,
  sql: ({ int }) => `
ALTER TABLE groups ADD COLUMN soak_until ${int}
;
CREATE INDEX groups_soaking ON groups (soak_until) WHERE soak_until IS NOT NULL
`,
};
