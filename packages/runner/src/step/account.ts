import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";

/** A user of this machine. */
export interface Account {
  readonly name: string;
  readonly userId: number;
  readonly groupId: number;
  readonly home: string;
  readonly shell: string;
}

/** The user as whom the agent runs. HOME wins over the user database, as in a login shell. */
export function ownAccount(homeVariable: string | undefined): Account {
  const { username, uid, gid, homedir, shell } = userInfo();
  return {
    name: username,
    userId: uid,
    groupId: gid,
    home: homeVariable ?? homedir,
    shell: shell ?? "/bin/sh",
  };
}

/** Looks a user up in the machine's user database (whatever it is made of); undefined when there is none. */
export async function findAccount(name: string): Promise<Account | undefined> {
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.@$-]*$/.test(name)) return undefined;
  const isLinux = process.platform === "linux";
  const line = isLinux
    ? await output("getent", ["passwd", name])
    : await output("id", ["-P", name]);
  const fields = line?.trim().split(":") ?? [];
  const [account, , userId, groupId] = fields;
  if (account === undefined || userId === undefined || groupId === undefined) return undefined;
  return {
    name: account,
    userId: Number(userId),
    groupId: Number(groupId),
    home: fields.at(-2) ?? "/",
    shell: fields.at(-1) ?? "/bin/sh",
  };
}

async function output(command: string, argv: readonly string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(command, argv)).stdout;
  } catch (error) {
    // Both commands exit non-zero when the user does not exist; a missing command has a string as its code.
    if (error instanceof Error && "code" in error && typeof error.code === "number")
      return undefined;
    throw error;
  }
}
