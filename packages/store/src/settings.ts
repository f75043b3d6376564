import type { Db } from "./database.ts";

/** The value of a setting. */
export declare function readSetting(db: Db, key: string): Promise<string | undefined>;

/** Sets a setting unless it is set; returns the value that is stored now. */
export declare function insertSettingIfAbsent(db: Db, key: string, value: string): Promise<string>;
