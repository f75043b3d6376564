import {
  CourierError,
  findGlobalExceptionProblems,
  findLongFreeze,
  globalWindowOf,
} from "@courier/core";
import { workTopic, type WorkMessage } from "@courier/protocol";
import type { GlobalException, SchemaTypes } from "@courier/schema";
import {
  advanceExceptionState,
  deleteExceptionRule,
  findExceptionRule,
  insertExceptionRule,
  listExceptionRules,
  reviewWaitingStarts,
  updateExceptionRule,
  type Db,
  type ExceptionRuleRow,
} from "@courier/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { readExceptionWindows } from "./exception-windows.ts";
import { exceptionRuleRoutes } from "./exception-rule-routes.ts";
import { exceptionRulesMax } from "./limits.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf, type PageQuery } from "./pagination.ts";
import { principalOf } from "./request-context.ts";
import { rfc3339 } from "./rfc3339.ts";

interface OneRule {
  readonly Params: { readonly ruleId: string };
}

interface WithRule {
  readonly Body: SchemaTypes["exception-rule-request"];
}

const prefix = "/courier/scheduler-api/v1/exceptions/rules";

/** Global exceptions: windows in which no job of the organisation starts (semantics.md section 3). */
export function addExceptionRuleRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<{ Querystring: PageQuery }>(prefix, exceptionRuleRoutes.list, async (request) => {
    const page = pageRequestOf(request.query);
    const { items, total } = await listExceptionRules(context.db, page);
    return pageOf(items.map(ruleItem), total, { request: page, url: request.url });
  });
  app.get<OneRule>(`${prefix}/:ruleId`, exceptionRuleRoutes.get, async (request) => ({
    item: ruleItem(await ruleOf(context.db, request)),
  }));
  app.post<WithRule>(prefix, exceptionRuleRoutes.add, async (request, reply) => {
    reply.code(201);
    return answerWithWarnings(context, await add(context, request));
  });
  app.put<OneRule & WithRule>(`${prefix}/:ruleId`, exceptionRuleRoutes.update, async (request) =>
    answerWithWarnings(context, await update(context, request)),
  );
  app.delete<OneRule>(`${prefix}/:ruleId`, exceptionRuleRoutes.delete, async (request) => ({
    item: await remove(context, request),
  }));
}

async function add(
  context: ApiContext,
  request: FastifyRequest<WithRule>,
): Promise<ExceptionRuleRow> {
  const now = context.clock.now();
  const { name, description = "", rrule, duration, timeZone = "UTC" } = request.body;
  const times = { anchoredAt: beginOf(now), createdAt: now, updatedAt: now };
  const said = { name: name ?? rrule.slice(0, 255), description, rrule, duration, timeZone };
  const row = {
    ...{ id: context.newId(), ...said, ...times },
    updatedBy: principalOf(request).tokenId,
  };
  requireSoundRule(row, now);
  await change(context, { request, row, action: "add" }, async (tx) => {
    if (!(await insertExceptionRule(tx, row))) await refuseName(tx, row.name);
    const { total } = await listExceptionRules(tx, { page: 1, size: 1 });
    if (total <= exceptionRulesMax) return;
    const message = `there are ${exceptionRulesMax} global exceptions already, which is the limit`;
    throw new CourierError("EXCEPTION_LIMIT", message);
  });
  return row;
}

/** What the body leaves out stays. A rule whose times change begins now. */
async function update(
  context: ApiContext,
  request: FastifyRequest<OneRule & WithRule>,
): Promise<ExceptionRuleRow> {
  const now = context.clock.now();
  const previous = await ruleOf(context.db, request);
  const { name, description, rrule, duration, timeZone } = request.body;
  const said = {
    name: name ?? previous.name,
    description: description ?? previous.description,
    timeZone: timeZone ?? previous.timeZone,
    ...{ rrule, duration },
  };
  const isSame = rrule === previous.rrule && said.timeZone === previous.timeZone;
  const row = {
    ...{ ...previous, ...said, updatedAt: now },
    anchoredAt: isSame ? previous.anchoredAt : beginOf(now),
    updatedBy: principalOf(request).tokenId,
  };
  if (!isSame || duration !== previous.duration) requireSoundRule(row, now);
  await change(context, { request, row, action: "update" }, async (tx) => {
    const owner = await findExceptionRule(tx, row.name);
    if (owner !== undefined && owner.id !== row.id) await refuseName(tx, row.name);
    if (!(await updateExceptionRule(tx, row))) await ruleOf(tx, request);
  });
  return row;
}

async function remove(
  context: ApiContext,
  request: FastifyRequest<OneRule>,
): Promise<GlobalException> {
  const row = await ruleOf(context.db, request);
  await change(context, { request, row, action: "delete" }, async (tx) => {
    if (!(await deleteExceptionRule(tx, row.id))) await ruleOf(tx, request);
  });
  return ruleItem(row);
}

/** Makes a change and, in its transaction, notes that every job has to be computed again; the scheduler does it in batches. */
async function change(
  context: ApiContext,
  about: {
    readonly request: FastifyRequest;
    readonly row: ExceptionRuleRow;
    readonly action: "add" | "update" | "delete";
  },
  work: (tx: Db) => Promise<void>,
): Promise<void> {
  const { request, row, action } = about;
  await context.db.transaction(async (tx) => {
    const now = context.clock.now();
    // First: it lets changes of the exceptions follow each other.
    await advanceExceptionState(tx, now);
    await work(tx);
    await reviewWaitingStarts(tx, now);
    const { name, rrule, duration, timeZone } = row;
    const detail = { name, rrule, duration, timeZone };
    const entry = { action: `exception.${action}`, object: row.id, detail };
    await recordChange(tx, { context, request }, entry);
  });
  context.bus.publish(workTopic, { kind: "exceptions" } satisfies WorkMessage);
}

/** Rules have whole seconds: a freeze that begins now must not begin only with the next one. */
function beginOf(now: number): number {
  return now - (now % 1000);
}

function requireSoundRule(row: ExceptionRuleRow, now: number): void {
  const details = findGlobalExceptionProblems(row, now);
  const [first] = details;
  if (first === undefined) return;
  throw new CourierError("BODY_INVALID", `the body's ${first.pointer.slice(1)}: ${first.message}`, {
    details,
  });
}

/** The rule as it is now, and what it does to everybody, where that is surely not meant. */
async function answerWithWarnings(
  context: ApiContext,
  row: ExceptionRuleRow,
): Promise<SchemaTypes["exception-rule-response"]> {
  const { windows } = await readExceptionWindows(context.db);
  const freeze = findLongFreeze(globalWindowOf(row), windows, context.clock.now());
  const item = ruleItem(row);
  if (freeze === null) return { item };
  const [from, until] = [rfc3339(freeze.from), rfc3339(freeze.until)];
  const extent = freeze.isEndKnown
    ? `no job starts from ${from} until ${until}`
    : `no job starts any more from ${from} on: there is no free time in sight (up to ${until})`;
  const remedy = `take it back with: courier-cli scheduler exceptions delete-rule --ruleId ${row.id}`;
  const message = `with this rule ${extent}; if that is not meant, ${remedy}`;
  return { item, warnings: [{ pointer: "/rrule", message }] };
}

async function ruleOf(db: Db, request: FastifyRequest<OneRule>): Promise<ExceptionRuleRow> {
  const { ruleId: id } = request.params;
  return found(await findExceptionRule(db, id), {
    code: "EXCEPTION_RULE_NOT_FOUND",
    what: "global exception",
    id,
  });
}

async function refuseName(tx: Db, name: string): Promise<never> {
  const owner = await findExceptionRule(tx, name);
  throw new CourierError(
    "EXCEPTION_NAME_TAKEN",
    `global exception ${JSON.stringify(name)} exists already: ${owner?.id ?? ""}`,
  );
}

function ruleItem(row: ExceptionRuleRow): GlobalException {
  return {
    createdAt: rfc3339(row.createdAt),
    description: row.description,
    duration: row.duration,
    id: row.id,
    lastUpdatedBy: row.updatedBy,
    name: row.name,
    rrule: row.rrule,
    timeZone: row.timeZone,
    updatedAt: rfc3339(row.updatedAt),
  };
}
