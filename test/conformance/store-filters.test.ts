import {
  compileFilter,
  findFilterMistakes,
  listAttributes,
  type FilterableNode,
  type NodeAttributes,
  type NodeSkill,
} from "@courier/core";
import type { FilterConstraints } from "@courier/schema";
import {
  findFilteredNodes,
  setNodesArchived,
  setNodesOffline,
  setNodesOnline,
  type Database,
} from "@courier/store";
import fc from "fast-check";
import { expect, test } from "vitest";
import { at, now, onEachDatabase } from "./store-fixture.ts";

const long = "x".repeat(200);
const texts = ["", "a", "A", "ab", "a%", "a_b", "äb", "10.0.0.1", long, `${long}1`, `${long}2`];
const names = ["os", "OS", "role"];
const namespaces = ["agent", "gohai", "tags"];
const skillNames = ["chef-platform/shell-interpreter", "courier-runner"];
const versions = ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "2"];

const facts = fc.record({
  attributes: fc.dictionary(
    fc.constantFrom(...namespaces),
    fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...texts), { maxKeys: 3 }),
    { maxKeys: 3 },
  ),
  skills: fc.array(
    fc.record({ name: fc.constantFrom(...skillNames), version: fc.constantFrom(...versions) }),
    { maxLength: 3 },
  ),
  isOnline: fc.boolean(),
});

const valueConstraint = (possible: readonly string[]) =>
  fc.record({
    operator: fc.constantFrom("=", "!=", "CONTAINS", "MATCHES"),
    value: fc.oneof(
      fc.constantFrom(...possible),
      fc.uniqueArray(fc.constantFrom(...possible), { minLength: 1 }),
    ),
  });

const constraints: fc.Arbitrary<FilterConstraints> = fc.record(
  {
    attributes: fc.array(
      fc.record(
        {
          name: fc.constantFrom(...names),
          operator: fc.constantFrom("=", "!=", "CONTAINS", "MATCHES"),
          value: fc.array(fc.constantFrom(...texts, "^a", "b$", "x{200}1", "."), {
            minLength: 1,
            maxLength: 3,
          }),
          namespace: fc.oneof(
            fc.constantFrom(...namespaces),
            fc.array(fc.constantFrom(...namespaces), { maxLength: 2 }),
          ),
        },
        { requiredKeys: ["name", "operator", "value"] },
      ),
      { maxLength: 2 },
    ),
    skills: fc.array(
      fc.record(
        {
          name: fc.constantFrom(...skillNames),
          version: fc.array(fc.constantFrom(">= 1.2", "<2.0.0", "= 1.0.0", "!= 2", "1.10.0"), {
            maxLength: 2,
          }),
        },
        { requiredKeys: ["name"] },
      ),
      { maxLength: 2 },
    ),
    enrollmentLevel: valueConstraint(["admitted", "enrolled"]),
    healthStatus: valueConstraint(["online", "offline"]),
  },
  { requiredKeys: [] },
);

onEachDatabase("filters", (setup) => {
  test("describe the same nodes in SQL as in the rules", async () => {
    const { db, addNodes } = await setup();
    const ids = await addNodes(8);
    const fleet = fc.array(facts, { minLength: ids.length, maxLength: ids.length });

    await fc.assert(
      fc.asyncProperty(fleet, fc.array(constraints, { maxLength: 8 }), async (nodes, filters) => {
        await connect(db, ids, nodes);
        for (const filter of filters) {
          const isWanted = compileFilter(filter);
          const wanted = ids.filter((_, index) => isWanted(filterable(at(nodes, index))));

          expect(await findFilteredNodes(db, filter)).toEqual(wanted);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("leave archived nodes out, and take them back", async () => {
    const { db, addNodes } = await setup();
    const ids = await addNodes(3);

    const archived = await setNodesArchived(db, { nodeIds: ids.slice(1), archivedAt: now, now });
    const left = await findFilteredNodes(db, {});
    await setNodesArchived(db, { nodeIds: ids, archivedAt: null, now });

    expect(archived.toSorted()).toEqual(ids.slice(1).toSorted());
    expect(left).toEqual(ids.slice(0, 1));
    expect(await findFilteredNodes(db, {})).toEqual(ids);
  });

  test("are not fooled by NUL, which one database cannot hold", async () => {
    const { db, addNodes } = await setup();
    const ids = await addNodes(1);
    const attributes = { agent: { os: "a\0b", "o\0s": "x" } };
    await connect(db, ids, [{ attributes, skills: [], isOnline: true }]);

    const filter = { attributes: [{ name: "os", operator: "CONTAINS" as const, value: ["b"] }] };

    expect(await findFilteredNodes(db, filter)).toEqual(ids);
    expect(
      findFilterMistakes(
        { attributes: [{ name: "os", operator: "=", value: ["a\0b"] }] },
        "/constraints",
      ),
    ).toEqual([
      {
        pointer: "/constraints/attributes/0/value/0",
        message: "must not contain the character NUL",
      },
    ]);
  });
});

interface Facts {
  readonly attributes: NodeAttributes;
  readonly skills: readonly NodeSkill[];
  readonly isOnline: boolean;
}

async function connect(
  db: Database,
  ids: readonly string[],
  nodes: readonly Facts[],
): Promise<void> {
  await db.transaction(async (tx) => {
    const session = { sessionId: "s", bootId: "", journalId: "", agentVersion: "", now };
    await setNodesOnline(
      tx,
      ids.map((nodeId, index) => ({
        ...session,
        nodeId,
        attributes: JSON.stringify(at(nodes, index).attributes),
        skills: JSON.stringify(at(nodes, index).skills),
      })),
    );
    const leaving = ids.filter((_, index) => !at(nodes, index).isOnline);
    await setNodesOffline(
      tx,
      leaving.map((nodeId) => ({ nodeId, sessionId: "s", now })),
    );
  });
}

function filterable({ attributes, skills, isOnline }: Facts): FilterableNode {
  return {
    attributes: listAttributes(attributes),
    skills,
    enrollmentLevel: "enrolled",
    healthStatus: isOnline ? "online" : "offline",
  };
}
