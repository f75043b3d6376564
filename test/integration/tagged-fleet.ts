import type { DatabaseKind } from "@courier/testkit";
import { ApiFixture, type Answer } from "./api-fixture.ts";

/** The nodes of a fleet whose tag `role` is what their names begin with. */
export const taggedNames: readonly string[] = ["db-1", "db-2", "db-3", "web-1"];

/** The constraints that three of them keep. */
export const dbNodes = {
  attributes: [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }],
};

/** An API with a fleet of tagged nodes, and how its administrator asks it. */
export interface TaggedFleet {
  readonly fixture: ApiFixture;
  readonly send: (method: string, path: string, body?: object) => Promise<Answer>;
}

/** Starts an API with an empty database, and enrols and tags the nodes. */
export async function startTaggedFleet(kind: DatabaseKind): Promise<TaggedFleet> {
  const fixture = await ApiFixture.start({ kind });
  const token = await fixture.token("admin");
  const send: TaggedFleet["send"] = async (method, path, body) =>
    fixture.send(method, path, { token, ...(body === undefined ? {} : { body }) });
  for (const name of taggedNames) {
    await fixture.enrol(name);
    const tags = { role: name.split("-")[0] };
    const tagged = await send("POST", `/node/management/v1/nodes/${name}/tags/modify`, { tags });
    if (tagged.status !== 200) throw new Error(`${name} was not tagged: ${tagged.text}`);
  }
  return { fixture, send };
}
