// Filters on a large fleet: how long the transaction that creates an instance waits for its targets.

import { randomUUID } from "node:crypto";

import { enrolNode, findFilteredNodes, insertEnrollmentKey } from "@courier/store";
import { temporaryDatabase } from "@courier/testkit";

import { median, percentile, rounded } from "./statistics.mjs";

const roles = ["web", "db", "cache", "queue", "proxy", "batch", "search", "mail", "dns", "log"];

const attribute = (name, operator, ...value) => ({ attributes: [{ name, operator, value }] });

/** What is asked, and how many of 10,000 nodes it describes. */
const filters = {
  tag: { constraints: attribute("role", "=", "db"), share: 0.1 },
  expression: { constraints: attribute("hostname", "MATCHES", "^host-.*7$"), share: 0.1 },
};

export async function run({ databases, isSmoke, report, say }) {
  const count = isSmoke ? 20 : 10_000;
  for (const kind of databases) {
    const { database, dispose } = await temporaryDatabase(kind);
    try {
      say(`${kind}: ${count} nodes`);
      await enrolMany(database, count);
      for (const [name, filter] of Object.entries(filters)) {
        const tookMs = await timed(database, filter, { count, rounds: isSmoke ? 1 : 30 });
        report(`filter-by-${name}-${kind}`, median(tookMs), {
          samples: tookMs.length,
          detail: { nodes: count, p99Ms: rounded(percentile(tookMs, 0.99)) },
        });
      }
    } finally {
      await dispose();
    }
  }
}

async function timed(database, { constraints, share }, { count, rounds }) {
  const samples = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    const found = await database.transaction((tx) => findFilteredNodes(tx, constraints));
    samples.push(performance.now() - before);
    if (found.length !== count * share) throw new Error(`found ${found.length} of ${count} nodes`);
  }
  return samples;
}

async function enrolMany(database, count) {
  const key = { id: randomUUID(), hash: "bench", prefix: "", createdBy: "", createdAt: 0 };
  await insertEnrollmentKey(database, { ...key, expiresAt: 10, usesLeft: count });
  for (let start = 0; start < count; start += 500) {
    await database.transaction(async (tx) => {
      for (let index = start; index < Math.min(count, start + 500); index += 1) {
        const id = randomUUID();
        const node = { id, name: id, publicKey: id, keyHash: "bench", now: 1 };
        await enrolNode(tx, { ...node, attributes: JSON.stringify(attributesOf(index)) });
      }
    });
  }
}

/** About as many attributes as a real agent reports. */
function attributesOf(index) {
  const facts = Array.from({ length: 15 }, (_, fact) => [`fact_${fact}`, `value ${index % 50}`]);
  return {
    agent: { ...Object.fromEntries(facts), hostname: `host-${index}`, kernel_name: "Linux" },
    tags: { role: roles[index % roles.length] },
  };
}
