import { randomUUID } from "node:crypto";
import {
  changeUserAttributes,
  findPlannedNodes,
  insertPlannedTargets,
  setNodesOnline,
  takePlannedTargets,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, now, onEachDatabase } from "./store-fixture.ts";

onEachDatabase("plans", (setup) => {
  test("gives the nodes that a job was planned for once", async () => {
    const { db, addJob } = await setup();
    const [planned, other] = [await addJob(), await addJob()];
    const targets = [["b", "a"], [], ["c"]];

    await db.transaction(
      async (tx) => await insertPlannedTargets(tx, { jobId: planned.id, targets }),
    );

    const ids = [other.id, planned.id];
    expect(await takePlannedTargets(db, ids)).toEqual(new Map([[planned.id, targets]]));
    expect(await takePlannedTargets(db, ids)).toEqual(new Map());
    expect(await takePlannedTargets(db, [])).toEqual(new Map());
  });

  test("says of nodes what a plan looks at, also of more than one statement takes", async () => {
    const { db, addNodes } = await setup();
    const ids = await addNodes(301);
    const [first, last] = [at(ids, 0), at(ids, -1)];
    const skills = [{ name: "bash", version: "5.2" }];
    await db.transaction(async (tx) => {
      await setNodesOnline(tx, [
        {
          ...{ nodeId: last, sessionId: randomUUID(), bootId: "", journalId: "", now },
          agentVersion: "1",
          attributes: JSON.stringify({ agent: { kernel_name: "Linux" } }),
          skills: JSON.stringify(skills),
        },
      ]);
    });
    // Only what the agent says of itself counts.
    const change = (): string => JSON.stringify({ tags: { kernel_name: "Plan 9" } });
    await changeUserAttributes(db, { nodeId: first, now, change });

    const nodes = await findPlannedNodes(db, [...ids, "nobody"]);

    expect(nodes.size).toBe(301);
    expect(nodes.get(first)).toMatchObject({ isOnline: false, kernelName: "", skills: [] });
    expect(nodes.get(last)).toMatchObject({
      ...{ id: last, isOnline: true, kernelName: "Linux", skills },
    });
  });
});
