import { randomUUID } from "node:crypto";
import {
  enrolNode,
  findNode,
  findNodesByIdentifiers,
  insertEnrollmentKey,
  listNodes,
  setAllNodesOffline,
  setNodesOffline,
  setNodesOnline,
  touchNodes,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase, type StoreFixture } from "./store-fixture.ts";

onEachDatabase("nodes", (setup, kind) => {
  test("enrols a node and returns it", async () => {
    const { db, addNodes } = await setup();
    const [id = ""] = await addNodes(1);

    expect(await findNode(db, id)).toEqual({
      id,
      name: `node ${id}`,
      publicKey: id,
      enrollmentLevel: "enrolled",
      online: false,
      offlineSince: now,
      connectedAt: null,
      lastSeenAt: null,
      bootId: "",
      journalId: "",
      agentVersion: "",
      attributes: "{}",
      userAttributes: "{}",
      skills: "[]",
      cohortId: null,
      archivedAt: null,
      createdAt: now,
      updatedAt: now,
    });
  });

  test("refuses unknown, expired and used-up keys, and names that are taken", async () => {
    const fixture = await setup();
    const { db } = fixture;
    const keyHash = await addKey(fixture, { usesLeft: 1 });
    const expired = await addKey(fixture, { expiresAt: now });
    const other = await addKey(fixture, { usesLeft: 5 });
    await enrolNode(db, enrolment({ keyHash, name: "web-1" }));

    const reasons = [
      await enrolNode(db, enrolment({ keyHash: "unknown" })),
      await enrolNode(db, enrolment({ keyHash: expired })),
      await enrolNode(db, enrolment({ keyHash })),
      await enrolNode(db, enrolment({ keyHash: other, name: "web-1" })),
    ].map((outcome) => (outcome.ok ? "ok" : outcome.reason));

    expect(reasons).toEqual(["key-unknown", "key-expired", "key-used-up", "name-taken"]);
  });

  test("gives a node that asks again its first answer, even with a used-up key", async () => {
    const fixture = await setup();
    const keyHash = await addKey(fixture, { usesLeft: 1 });
    const node = enrolment({ keyHash });
    const first = await enrolNode(fixture.db, node);

    const again = await enrolNode(fixture.db, { ...node, id: randomUUID(), now: now + 1_000_000 });

    expect(first).toEqual({ ok: true, nodeId: node.id });
    expect(again).toEqual(first);
  });

  test("never lets a key be used more often than it may", async () => {
    const fixture = await setup();
    const keyHash = await addKey(fixture, { usesLeft: 2 });

    const outcomes = await Promise.all(
      [1, 2, 3, 4].map(async () => await enrolNode(fixture.db, enrolment({ keyHash }))),
    );

    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
  });

  const testOnPostgres = kind === "postgres" ? test : undefined;
  testOnPostgres?.("gives a name to one of two nodes with two keys", async () => {
    const fixture = await setup();
    const keys = [await addKey(fixture, {}), await addKey(fixture, {})];

    const outcomes = await Promise.all(
      keys.map(async (keyHash) => await enrolNode(fixture.db, enrolment({ keyHash, name: "web" }))),
    );

    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("finds nodes by id or name, many at once", async () => {
    const { db, addNodes } = await setup();
    const ids = await addNodes(700);
    const identifiers = [...ids.slice(0, 350), ...ids.slice(350).map((id) => `node ${id}`)];

    const found = await findNodesByIdentifiers(db, [...identifiers, "unknown", at(ids, 0)]);

    expect([...found.keys()]).toEqual(identifiers);
    expect([...found.values()]).toEqual(ids);
  });

  test("lists nodes newest first, by name and presence", async () => {
    const { db, addNodes, connect } = await setup();
    const ids = await addNodes(4);
    await connect(ids.slice(0, 1));

    const page = await listNodes(db, { page: 1, size: 3 });
    const online = await listNodes(db, { page: 1, size: 9, online: true });
    const offline = await listNodes(db, { page: 1, size: 9, online: false });
    const named = await listNodes(db, { page: 1, size: 9, name: `node ${at(ids, 2)}` });

    expect(page.items.map(({ id }) => id)).toEqual(ids.slice(1).toReversed());
    expect(page.total).toBe(4);
    expect(online.items.map(({ id }) => id)).toEqual(ids.slice(0, 1));
    expect(offline.total).toBe(3);
    expect(named.items.map(({ id }) => id)).toEqual([at(ids, 2)]);
  });

  test("records a connection and returns the journal of the one before", async () => {
    const { db, addNodes } = await setup();
    const [nodeId = ""] = await addNodes(1);
    const connection = {
      nodeId,
      sessionId: "s1",
      bootId: "b",
      journalId: "j1",
      agentVersion: "1.2.3",
      attributes: '{"a":{"b":"c"}}',
      skills: '[{"name":"s","version":"1"}]',
      now: now + 5,
    };

    const first = await setNodesOnline(db, [connection, { ...connection, nodeId: "unknown" }]);
    const second = await setNodesOnline(db, [{ ...connection, sessionId: "s2", journalId: "j2" }]);

    expect(first).toEqual([{ nodeId, journalId: "" }]);
    expect(second).toEqual([{ nodeId, journalId: "j1" }]);
    expect(await findNode(db, nodeId)).toMatchObject({
      online: true,
      offlineSince: null,
      connectedAt: now + 5,
      lastSeenAt: now + 5,
      bootId: "b",
      journalId: "j2",
      agentVersion: "1.2.3",
      attributes: '{"a":{"b":"c"}}',
      skills: '[{"name":"s","version":"1"}]',
    });
  });

  test("ignores the end of a session that is no longer the node's current one", async () => {
    const { db, addNodes, connect } = await setup();
    const [nodeId = ""] = await addNodes(1);
    await connect([nodeId]);

    const stale = await setNodesOffline(db, [{ nodeId, sessionId: "old", now: now + 1 }]);
    const whileOnline = await findNode(db, nodeId);
    const current = await setNodesOffline(db, [
      { nodeId, sessionId: `session-${nodeId}`, now: now + 2 },
    ]);

    expect(stale).toEqual([]);
    expect(whileOnline?.online).toBe(true);
    expect(current).toEqual([nodeId]);
    expect(await findNode(db, nodeId)).toMatchObject({ online: false, offlineSince: now + 2 });
  });

  test("marks all nodes offline without touching those that are", async () => {
    const { db, addNodes, connect } = await setup();
    const [first = "", second = ""] = await addNodes(2);
    await connect([first]);

    await setAllNodesOffline(db, now + 9);

    expect(await findNode(db, first)).toMatchObject({ online: false, offlineSince: now + 9 });
    expect(await findNode(db, second)).toMatchObject({ online: false, offlineSince: now });
  });

  test("records that nodes were heard of", async () => {
    const { db, addNodes } = await setup();
    const nodeIds = await addNodes(3);

    await touchNodes(db, { nodeIds: [...nodeIds.slice(1), ...nodeIds.slice(1)], now: now + 7 });

    expect((await findNode(db, at(nodeIds, 0)))?.lastSeenAt).toBeNull();
    expect((await findNode(db, at(nodeIds, 1)))?.lastSeenAt).toBe(now + 7);
  });
});

function enrolment(node: {
  readonly keyHash: string;
  readonly name?: string;
}): Parameters<typeof enrolNode>[1] {
  const id = randomUUID();
  return { id, name: `node ${id}`, publicKey: id, attributes: "{}", now, ...node };
}

async function addKey(
  { db }: StoreFixture,
  key: { readonly usesLeft?: number; readonly expiresAt?: number },
): Promise<string> {
  const hash = randomUUID();
  await insertEnrollmentKey(db, {
    id: randomUUID(),
    hash,
    prefix: "cek_",
    usesLeft: 9,
    expiresAt: now + 1000,
    createdAt: now,
    createdBy: "token",
    ...key,
  });
  return hash;
}
