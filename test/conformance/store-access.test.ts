import {
  countTokens,
  deleteEndedInstances,
  deleteExpiredIdempotency,
  deleteOldAudit,
  dispatchRuns,
  endRuns,
  findIdempotency,
  findInstance,
  findRun,
  findTokenByHash,
  insertAudit,
  insertIdempotency,
  insertSettingIfAbsent,
  insertToken,
  listAudit,
  readSetting,
  updateGroup,
  updateInstance,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase, only, type StoreFixture } from "./store-fixture.ts";

onEachDatabase("tokens, settings, audit and retention", (setup) => {
  test("finds a token by its hash", async () => {
    const { db } = await setup();
    const token = {
      id: "t",
      name: "ci",
      prefix: "ctk_a",
      hash: "h",
      role: "operator",
      createdAt: now,
      expiresAt: null,
    };

    expect(await countTokens(db)).toBe(0);
    await insertToken(db, token);

    expect(await countTokens(db)).toBe(1);
    expect(await findTokenByHash(db, "h")).toEqual(token);
    expect(await findTokenByHash(db, "x")).toBeUndefined();
  });

  test("keeps the first value of a setting, whoever comes later", async () => {
    const { db } = await setup();
    expect(await readSetting(db, "key")).toBeUndefined();

    const stored = await Promise.all(
      ["a", "b", "c"].map(async (value) => await insertSettingIfAbsent(db, "key", value)),
    );

    expect(new Set(stored).size).toBe(1);
    expect(await readSetting(db, "key")).toBe(stored[0]);
  });

  test("keeps the audit trail newest first and drops what is old, in batches", async () => {
    const { db } = await setup();
    for (let index = 0; index < 5; index += 1) {
      await insertAudit(db, {
        at: now + index,
        actor: "token",
        action: "addJob",
        object: `job ${index}`,
        remoteAddress: "::1",
        requestId: "r",
        detail: "{}",
      });
    }

    const page = await listAudit(db, { page: 1, size: 2 });
    const deleted = [
      await deleteOldAudit(db, { before: now + 3, limit: 2 }),
      await deleteOldAudit(db, { before: now + 3, limit: 2 }),
    ];

    expect(page.items.map(({ object }) => object)).toEqual(["job 4", "job 3"]);
    expect(page.total).toBe(5);
    expect(deleted).toEqual([2, 1]);
    expect((await listAudit(db, { page: 1, size: 9 })).total).toBe(2);
  });

  test("drops idempotency keys that are old", async () => {
    const { db, addJob } = await setup();
    const { id: jobId } = await addJob();
    const row = { tokenId: "t", bodyHash: "h", jobId, instanceId: null };
    await insertIdempotency(db, { ...row, key: "old", createdAt: now - 1 });
    await insertIdempotency(db, { ...row, key: "new", createdAt: now });

    expect(await deleteExpiredIdempotency(db, { before: now })).toBe(1);

    expect(await findIdempotency(db, { tokenId: "t", key: "old" })).toBeUndefined();
    expect(await findIdempotency(db, { tokenId: "t", key: "new" })).toBeDefined();
  });

  test("drops ended instances with everything below them, oldest first, and no open ones", async () => {
    const fixture = await setup();
    const { db } = fixture;
    const nodes = await fixture.addNodes(1100);
    const oldest = await ended(fixture, { nodes, finishedAt: now });
    const newer = await ended(fixture, { nodes: nodes.slice(0, 2), finishedAt: now + 5 });
    const open = await fixture.addInstance([nodes.slice(0, 2)]);

    const first = await deleteEndedInstances(db, { finishedBefore: now + 6, limit: 1 });

    expect(first).toBe(1);
    expect(await findInstance(db, oldest.id)).toBeUndefined();
    expect(await findRun(db, at(at(oldest.runs, 0), 1099).id)).toBeUndefined();
    expect(await findInstance(db, newer.id)).toBeDefined();
    expect(await deleteEndedInstances(db, { finishedBefore: now + 6, limit: 9 })).toBe(1);
    expect(await deleteEndedInstances(db, { finishedBefore: now + 6, limit: 9 })).toBe(0);
    expect(await findRun(db, at(at(open.runs, 0), 0).id)).toBeDefined();
  });
});

async function ended(
  { db, addInstance }: StoreFixture,
  options: { readonly nodes: readonly string[]; readonly finishedAt: number },
): ReturnType<StoreFixture["addInstance"]> {
  const { finishedAt } = options;
  const instance = await addInstance([options.nodes]);
  const ids = only(instance.runs).map(({ id }) => id);
  await dispatchRuns(db, { ids, now });
  await endRuns(db, { ids, status: "unknown", reason: "", now, from: ["dispatched"] });
  const set = { status: "success", finishedAt } as const;
  const from = ["running"] as const;
  await updateGroup(db, { instanceId: instance.id, groupNumber: 0, from, set });
  await updateInstance(db, { id: instance.id, from, set, now });
  return instance;
}
