/**
 * The floors: which of our packages a package may import. Everything not listed here is forbidden.
 * The linter's configuration, the compiler's references and package.json repeat it; the test compares them.
 */
export const allowedImports: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  core: ["schema"],
  protocol: ["schema", "core"],
  store: ["schema", "core", "protocol"],
  bus: ["schema", "core", "protocol"],
  scheduler: ["schema", "core", "protocol", "store", "bus"],
  runner: ["schema", "core", "protocol"],
  api: ["schema", "core", "protocol", "store", "bus"],
  gateway: ["schema", "core", "protocol", "store", "bus"],
  client: ["schema", "core", "protocol"],
  server: ["schema", "core", "protocol", "store", "bus", "scheduler", "gateway", "api"],
  cli: ["schema", "core", "protocol", "client"],
  testkit: [
    "schema",
    "core",
    "protocol",
    "store",
    "bus",
    "scheduler",
    "runner",
    "api",
    "gateway",
    "client",
    "server",
    "cli",
  ],
};

/** Every package, lowest floor first. */
export const packageNames: readonly string[] = Object.keys(allowedImports);
