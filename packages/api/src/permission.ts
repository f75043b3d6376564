import type { TokenRole } from "@courier/schema";

/** What a route asks of its caller. */
export type Permission =
  | "jobs:read"
  | "jobs:write"
  | "exceptions:write"
  | "budgets:write"
  | "state:read"
  | "state:write"
  | "nodes:read"
  | "nodes:write"
  | "tokens:read"
  | "tokens:write"
  | "metrics:read";

const everything: readonly Permission[] = [
  "jobs:read",
  "jobs:write",
  "exceptions:write",
  "budgets:write",
  "state:read",
  "state:write",
  "nodes:read",
  "nodes:write",
  "tokens:read",
  "tokens:write",
  "metrics:read",
];

const reading: readonly Permission[] = ["jobs:read", "state:read", "nodes:read", "metrics:read"];

const permissionsOfRole: Readonly<Record<TokenRole, readonly Permission[]>> = {
  admin: everything,
  operator: [...reading, "jobs:write", "state:write"],
  "node-manager": ["nodes:read", "nodes:write", "metrics:read"],
  viewer: reading,
};

/** Whether a token of this role may do what the permission names. */
export function isAllowed(role: TokenRole, permission: Permission): boolean {
  return permissionsOfRole[role].includes(permission);
}

/** The roles that have a permission, for the message that refuses. */
export function rolesWith(permission: Permission): TokenRole[] {
  // The table's type guarantees that its keys are exactly the roles.
  const roles = Object.keys(permissionsOfRole) as TokenRole[];
  return roles.filter((role) => isAllowed(role, permission));
}
