import type { RunStatus } from "@courier/core";
import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from "kysely";
import type { Db } from "./database.ts";
import { reading } from "./handle.ts";
import { offsetOf, type Page, type PageRequest } from "./page.ts";
import { readPage, countAll } from "./read-page.ts";
import type { RunRow } from "./runs.ts";
import { type RunsTable, toRunRow } from "./tables/runs-table.ts";
import type { Tables } from "./tables/tables.ts";

/** Which runs of an instance are wanted. */
export interface ListRunsOptions extends PageRequest {
  readonly instanceId: string;
  readonly status?: RunStatus;
  readonly groupNumber?: number;
  readonly nodeId?: string;
  /** Last updated after, and before, these instants. */
  readonly updatedAfter?: number;
  readonly updatedBefore?: number;
}

/**
 * Runs of an instance in (group, position) order. By group alone or without any condition the page is found from the groups'
 * node counts, so that its cost does not depend on the instance's size.
 */
export async function listRuns(db: Db, options: ListRunsOptions): Promise<Page<RunRow>> {
  const kysely = reading(db);
  const instance = await kysely
    .selectFrom("instances")
    .select("seq")
    .where("id", "=", options.instanceId)
    .executeTakeFirst();
  if (instance === undefined) return { items: [], total: 0 };
  const { items, total } = [
    options.status,
    options.nodeId,
    options.updatedAfter,
    options.updatedBefore,
  ].every((condition) => condition === undefined)
    ? await readByPosition(kysely, { ...options, instanceSeq: instance.seq })
    : await readMatching(kysely, { ...options, instanceSeq: instance.seq });
  return {
    items: items.map((row) => toRunRow({ ...row, instance_id: options.instanceId })),
    total,
  };
}

type Row = Selectable<RunsTable>;

type Wanted = ListRunsOptions & { readonly instanceSeq: number };

async function readByPosition(kysely: Kysely<Tables>, wanted: Wanted): Promise<Page<Row>> {
  const groups = await kysely
    .selectFrom("groups")
    .select(["group_number", "node_count"])
    .where("instance_seq", "=", wanted.instanceSeq)
    .$if(wanted.groupNumber !== undefined, (query) =>
      query.where("group_number", "=", wanted.groupNumber ?? 0),
    )
    .orderBy("group_number")
    .execute();
  const total = groups.reduce((sum, group) => sum + group.node_count, 0);
  const start = locate(groups, offsetOf(wanted));
  if (start === undefined) return { items: [], total };
  return { items: await runsFrom(kysely, { ...wanted, ...start }).execute(), total };
}

/** Where the run that `offset` others come before is. */
function locate(
  groups: readonly { readonly group_number: number; readonly node_count: number }[],
  offset: number,
): { fromGroup: number; fromPosition: number } | undefined {
  let before = offset;
  for (const group of groups) {
    if (before < group.node_count) return { fromGroup: group.group_number, fromPosition: before };
    before -= group.node_count;
  }
  return undefined;
}

/** Runs in order from a place on. Unique index of runs by (instance_seq, group_number, position). */
function runsFrom(
  kysely: Kysely<Tables>,
  options: {
    readonly instanceSeq: number;
    readonly groupNumber?: number;
    readonly fromGroup: number;
    readonly fromPosition: number;
    readonly size: number;
  },
): SelectQueryBuilder<Tables, "runs", Row> {
  const { groupNumber, fromGroup, fromPosition } = options;
  return kysely
    .selectFrom("runs")
    .selectAll()
    .where("instance_seq", "=", options.instanceSeq)
    .$if(groupNumber !== undefined, (query) => query.where("group_number", "=", groupNumber ?? 0))
    .where(sql<boolean>`(group_number, "position") >= (${fromGroup}, ${fromPosition})`)
    .orderBy("group_number")
    .orderBy("position")
    .limit(options.size);
}

async function readMatching(kysely: Kysely<Tables>, wanted: Wanted): Promise<Page<Row>> {
  const { status, groupNumber, nodeId, updatedAfter, updatedBefore } = wanted;
  const matching = kysely
    .selectFrom("runs")
    .where("instance_seq", "=", wanted.instanceSeq)
    .$if(groupNumber !== undefined, (query) => query.where("group_number", "=", groupNumber ?? 0))
    .$if(status !== undefined, (query) => query.where("status", "=", status ?? "pending"))
    .$if(nodeId !== undefined, (query) => query.where("node_id", "=", nodeId ?? ""))
    .$if(updatedAfter !== undefined, (query) => query.where("updated_at", ">", updatedAfter ?? 0))
    .$if(updatedBefore !== undefined, (query) =>
      query.where("updated_at", "<", updatedBefore ?? 0),
    );
  return await readPage(matching.selectAll().orderBy("group_number").orderBy("position"), {
    count: matching.select(countAll),
    page: wanted,
  });
}
