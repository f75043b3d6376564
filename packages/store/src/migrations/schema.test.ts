import {
  groupTransitions,
  instanceTransitions,
  jobTransitions,
  runTransitions,
  statesOf,
  stepTransitions,
  terminalStates,
} from "@courier/core";
import { temporaryDatabase, whyUnavailable } from "@courier/testkit";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../open-database.ts";
import { DatabaseHandle } from "../handle.ts";
import { tableColumns } from "../tables/tables.ts";
import { postgresColumnTypes, sqliteColumnTypes } from "./column-types.ts";
import { migrations, statementsOf } from "./migrate.ts";

const machines = {
  jobs: jobTransitions,
  instances: instanceTransitions,
  groups: groupTransitions,
  runs: runTransitions,
  steps: stepTransitions,
};

test("numbers the migrations without gaps", () => {
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1));
});

test.each(Object.entries(machines))("lets %s have exactly the states of core", (table, machine) => {
  const states = checkedStates(table, "NOT NULL CHECK (");

  expect(states.toSorted()).toEqual(statesOf<string, string>(machine).toSorted());
});

test.each(["instances", "groups", "runs"] as const)(
  "has an end for %s exactly in the final states of core",
  (table) => {
    const open = checkedStates(table, "CHECK ((").toSorted();
    const machine = machines[table];

    const final = statesOf<string, string>(machine).filter((state) => !open.includes(state));

    expect(final.toSorted()).toEqual(terminalStates<string, string>(machine).toSorted());
  },
);

describe.each(["sqlite", "postgres"] as const)("an empty database on %s", (kind) => {
  test.skipIf(whyUnavailable(kind) !== undefined)(
    "has the columns of the table types",
    async () => {
      const { database, options, dispose } = await temporaryDatabase(kind);
      onTestFinished(dispose);
      await database.close();
      const own = await openDatabase(options);
      onTestFinished(async () => await own.close());
      if (!(own instanceof DatabaseHandle)) throw new Error("openDatabase returns its own class");

      for (const [table, columns] of Object.entries(tableColumns)) {
        expect({ table, columns: await readColumns(own, table) }).toEqual({ table, columns });
      }
    },
  );
});

/** The states that a CHECK on `status` names: its comparisons are spelt out one by one. */
function checkedStates(table: string, prefix: string): string[] {
  const text = migrations.map(({ sql: write }) => write(sqliteColumnTypes)).join("\n;\n");
  const definition = statementsOf(text).find((each) => each.startsWith(`CREATE TABLE ${table} (`));
  const line = definition?.split("\n").find((each) => each.includes(`${prefix}status = '`));
  return [...(line ?? "").matchAll(/status = '(\w+)'/g)].map(([, state]) => state ?? "");
}

async function readColumns(
  { dialect, engine }: DatabaseHandle,
  table: string,
): Promise<Record<string, string>> {
  const query =
    dialect === "sqlite"
      ? sql<Column>`SELECT name, lower(type) AS type, ("notnull" = 0 AND pk = 0) AS nullable FROM pragma_table_info(${table})`
      : sql<Column>`SELECT column_name AS name, data_type AS type, (is_nullable = 'YES')::int AS nullable
          FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ${table}`;
  const { rows } = await query.execute(engine.reader);
  return Object.fromEntries(
    rows.map(({ name, type, nullable }) => [name, `${kindOf(type)}${nullable === 1 ? "?" : ""}`]),
  );
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: number;
}

function kindOf(type: string): string {
  if (type === "bigint") return "integer";
  return type === "bytea" ? "blob" : type;
}

test("differs between the databases only in the named words", () => {
  const [first] = migrations;

  expect(first?.sql(postgresColumnTypes)).toContain('TEXT COLLATE "C"');
  expect(first?.sql(sqliteColumnTypes)).not.toContain("COLLATE");
});
