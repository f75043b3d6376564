/** Words of SQL that the two databases spell differently. */
export interface ColumnTypes {
  /** Ever-growing primary key. */
  readonly seq: string;
  /** 64-bit integer. */
  readonly int: string;
  /** Text that compares byte by byte. */
  readonly text: string;
  readonly blob: string;
  /** End of a table definition. */
  readonly end: string;
  /** End of the definition of a table that is stored in its primary key's order where the database can do that. */
  readonly endClustered: string;
}

/** One step of the schema. Immutable once merged: its checksum is recorded in every database. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly number: number;
  readonly name: string;
  /** Whether the build before this migration stops working on the migrated schema. */
  readonly isBreaking: boolean;
  /** The statements, separated by lines that hold only `;`. */
  readonly sql: (types: ColumnTypes) => string;
}
