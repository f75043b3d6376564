import { randomUUID } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Secret } from "@courier/client";
import { CourierError, tokenOf } from "@courier/core";

import { profileNameLengthMax } from "../limits.ts";
import type { World } from "../world.ts";
import type { Credentials, Profile } from "./profile.ts";

/** `COURIER_HOME/credentials`, else `~/.courier/credentials`. */
export function credentialsPath(world: Pick<World, "env" | "homeDirectory">): string {
  const home = world.env["COURIER_HOME"] ?? "";
  return join(home === "" ? join(world.homeDirectory, ".courier") : home, "credentials");
}

/** Reads the profiles; a file that is not there holds none. */
export async function readCredentials(path: string): Promise<Credentials> {
  const tables = await readTables(path);
  const profiles = Object.entries(tables).flatMap(([name, value]) =>
    isTable(value) ? [toProfile(name, value)] : [],
  );
  return { defaultProfile: textOf(tables[defaultKey]), profiles };
}

/** A sentence when others than the owner can read the file; `undefined` when all is well or it is not there. */
export async function findOpenPermissions(path: string): Promise<string | undefined> {
  if (process.platform === "win32") return undefined;
  try {
    const mode = (await stat(path)).mode & 0o777;
    if ((mode & 0o077) === 0) return undefined;
    return `${path} holds secrets and others can read it (mode 0${mode.toString(8)}); run: chmod 600 ${path}`;
  } catch {
    // A file that cannot be looked at is reported where it is read.
    return undefined;
  }
}

/** What `register-device` stores. */
export interface NewProfile {
  readonly name: string;
  readonly url: string;
  readonly token: Secret;
  readonly cafile?: string | undefined;
  readonly insecure: boolean;
  readonly deviceName?: string | undefined;
}

/**
 * Adds or replaces a profile; keys that this version does not know stay. The first profile becomes the default. Resolves
 * with whether it stood there before.
 */
export async function storeProfile(path: string, profile: NewProfile): Promise<boolean> {
  checkProfileName(profile.name);
  const tables = await readTables(path);
  const previous = tables[profile.name];
  const kept = isTable(previous) ? omit(previous, ownKeys) : {};
  tables[profile.name] = {
    ...kept,
    Url: profile.url,
    Token: profile.token.reveal(),
    ...(profile.cafile === undefined ? {} : { Cafile: profile.cafile }),
    ...(profile.insecure ? { Insecure: true } : {}),
    ...(profile.deviceName === undefined ? {} : { DeviceName: profile.deviceName }),
  };
  tables[defaultKey] ??= profile.name;
  await writeTables(path, tables);
  return isTable(previous);
}

/** Removes a profile, also as the default one; false when there is none with this name. */
export async function removeProfile(path: string, name: string): Promise<boolean> {
  const tables = await readTables(path);
  if (!isTable(tables[name])) return false;
  const rest = omit(tables, tables[defaultKey] === name ? [name, defaultKey] : [name]);
  await writeTables(path, rest);
  return true;
}

/** Chooses the default profile; it must exist. */
export async function storeDefault(path: string, name: string): Promise<void> {
  const tables = await readTables(path);
  if (!isTable(tables[name]))
    throw unknownProfile(
      name,
      Object.keys(tables).filter((key) => isTable(tables[key])),
    );
  tables[defaultKey] = name;
  await writeTables(path, tables);
}

/** The error for a profile that is not there; names the ones that are. */
export function unknownProfile(name: string, known: readonly string[]): CourierError {
  const others = known.length === 0 ? "there are none yet" : `there are: ${known.join(", ")}`;
  return new CourierError("PROFILE_INVALID", `no profile is named "${name}"; ${others}`);
}

/** Top-level keys of the file are ours, tables are profiles. */
const defaultKey = "DefaultProfile";

/** What registering again replaces as a whole: a leftover AccessKey or Insecure would belong to another service. */
const ownKeys: readonly string[] = ["Url", "Token", "AccessKey", "SecretKey", "Cafile", "Insecure"];

type Table = Record<string, unknown>;

function toProfile(name: string, table: Table): Profile {
  const token = textOf(table["Token"]) ?? joinedKeys(table);
  return {
    name,
    url: textOf(table["Url"]),
    token: token === undefined ? undefined : new Secret(token),
    cafile: textOf(table["Cafile"]),
    insecure: table["Insecure"] === true || textOf(table["Insecure"])?.toLowerCase() === "true",
  };
}

function joinedKeys(table: Table): string | undefined {
  const accessKey = textOf(table["AccessKey"]);
  const secretKey = textOf(table["SecretKey"]);
  return accessKey === undefined || secretKey === undefined
    ? undefined
    : tokenOf({ accessKey, secretKey });
}

function checkProfileName(name: string): void {
  const isFine = /^[A-Za-z0-9][\w.-]*$/.test(name) && name.length <= profileNameLengthMax;
  if (isFine && name !== defaultKey) return;
  const message = `"${name}" cannot be a profile name; use letters, digits, ".", "_" and "-", at most ${profileNameLengthMax}`;
  throw new CourierError("USAGE", message);
}

async function readTables(path: string): Promise<Table> {
  const text = await readText(path);
  const { parse } = await import("@iarna/toml").then((module) => module.default);
  try {
    return Object.assign(Object.create(null), parse(text)) as Table;
  } catch (cause) {
    // The parser's own message quotes the line, and the line may hold a secret.
    const line = cause instanceof Error && "line" in cause ? `:${Number(cause.line) + 1}` : "";
    const message = `${path}${line} is not valid TOML`;
    throw new CourierError("PROFILE_INVALID", message);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "";
    throw new CourierError("PROFILE_INVALID", `cannot read ${path}: ${codeOf(cause)}`, { cause });
  }
}

/** Atomic: a reader sees the old file or the new one, never a part, also after a crash. */
async function writeTables(path: string, tables: Table): Promise<void> {
  const { stringify } = await import("@iarna/toml").then((module) => module.default);
  // readTables built the object from parsed TOML, and only strings and booleans were added.
  const text = stringify({ ...tables } as Parameters<typeof stringify>[0]);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await chmod(dirname(path), 0o700);
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new CourierError("PROFILE_INVALID", `cannot write ${path}: ${codeOf(cause)}`, { cause });
  }
}

function omit(table: Table, keys: readonly string[]): Table {
  return Object.fromEntries(Object.entries(table).filter(([key]) => !keys.includes(key)));
}

function isTable(value: unknown): value is Table {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
