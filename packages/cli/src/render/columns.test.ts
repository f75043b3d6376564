import type { FleetNode } from "@courier/schema";
import { expect, test } from "vitest";
import { nodeRows } from "./columns.ts";
import { renderItem } from "./table.ts";

test("a node's attributes are rows, its tags first, and what is no text is shown as it is", () => {
  const node: FleetNode = {
    ...{ id: "1", name: "web-1", agentVersion: "0.1.0", installedSkills: [] },
    ...{ createdAt: "2026-01-01T00:00:00Z", checkedinAt: null, lastSeenAt: null },
    ...{ enrollmentLevel: "enrolled", healthStatus: "offline" },
    skills: [{ name: "ansible", version: "2.14.3" }],
    attributes: { gohai: { cpus: 4 }, agent: { hostname: "web" }, tags: { role: "db" } },
  };

  expect(renderItem(node, nodeRows(node), { width: undefined, paint: (text) => text })).toBe(
    [
      "id              1",
      "name            web-1",
      "health          offline",
      "level           enrolled",
      "agent           0.1.0",
      "created         2026-01-01T00:00:00Z",
      "skills          ansible 2.14.3",
      "tags.role       db",
      "agent.hostname  web",
      "gohai.cpus      4",
      "",
    ].join("\n"),
  );
});
