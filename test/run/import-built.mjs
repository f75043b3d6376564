// Loads the built entry of every package the way a user's Node does, without the source condition:
// what is missing from dist, or resolves only under vitest, fails here.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { root } from "./stages.mjs";

const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json")),
);

for (const name of packages) {
  const entry = import.meta.resolve(`@courier/${name}`);
  if (!entry.endsWith("/dist/index.js")) throw new Error(`@courier/${name} resolves to ${entry}`);
  await import(entry);
}
console.log(`${packages.length} packages load`);
