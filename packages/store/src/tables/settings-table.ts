import type { Columns } from "./columns.ts";

/** Table `settings`. */
export interface SettingsTable {
  key: string;
  value: string;
}

/** Columns of `settings`. */
export const settingsColumns: Columns<SettingsTable> = { key: "text", value: "text" };
