// What the stages need from the machine: Node, the npm packages, a PostgreSQL server, `ps`, `openssl`, `ansible-playbook`,
// python3-dateutil.

import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";

const nodeMinimum = [20, 19];
const postgresMinimum = 15;

/** Says what is wrong with this Node, or nothing. */
export function checkNodeVersion(version) {
  const [major, minor] = version.split(".").map(Number);
  const isEnough = major > nodeMinimum[0] || (major === nodeMinimum[0] && minor >= nodeMinimum[1]);
  if (isEnough) return undefined;
  return `node: version ${nodeMinimum.join(".")} or newer is needed, this is ${version}`;
}

/** Runs `npm ci` unless node_modules holds exactly what package-lock.json names. */
export async function installMissing({ root, run, logDirectory }) {
  if (isInstalled(root)) return undefined;
  console.log("npm ci");
  const npm = process.env.npm_execpath;
  const command = npm === undefined ? ["npm", "ci"] : [process.execPath, npm, "ci"];
  const logFile = join(logDirectory, "npm-ci.log");
  const { ok, reason } = await run({ command, cwd: root, logFile, limitMs: 900_000 });
  if (ok) return undefined;
  console.log(readFileSync(logFile, "utf8"));
  return `npm ci: ${reason}`;
}

/** Whether node_modules holds exactly what package-lock.json names. */
export function isInstalled(root) {
  const hidden = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
  // npm leaves out optional packages of other platforms.
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" ||
      (present[path] === undefined ? entry.optional === true : isSame(present[path], entry)),
  );
}

function isSame(present, wanted) {
  return present.version === wanted.version && present.integrity === wanted.integrity;
}

/** Finds a PostgreSQL server's programs, installing them where that is possible: root on Debian. */
export async function findPostgres({ run, logDirectory }) {
  if (process.env.COURIER_PG_BIN !== undefined) return checkChosen(process.env.COURIER_PG_BIN);
  const missing = missingPackages();
  if (missing.length > 0 && canInstall()) {
    await aptInstall({ missing, run, logDirectory });
  }
  const binDirectory = locatePostgres();
  if (binDirectory !== undefined) return { binDirectory };
  return { problem: `no server of version ${postgresMinimum} or newer was found` };
}

function checkChosen(binDirectory) {
  if (isPostgres(binDirectory)) return { binDirectory };
  return {
    problem: `COURIER_PG_BIN=${binDirectory} holds no server of version ${postgresMinimum} or newer`,
  };
}

function missingPackages() {
  return [
    ...(locatePostgres() === undefined ? ["postgresql"] : []),
    ...(isOnPath("ps") ? [] : ["procps"]),
    ...(isOnPath("bash") ? [] : ["bash"]),
    ...(isOnPath("openssl") ? [] : ["openssl"]),
    // For the test of the ansible interpreter, which is left out without it; brings Python, which an example needs.
    ...(isOnPath("ansible-playbook") ? [] : ["ansible-core"]),
    // The second implementation of recurrence rules, for the test that compares; that is left out without it.
    ...(hasDateutil() ? [] : ["python3-dateutil"]),
  ];
}

function locatePostgres() {
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => realDirectory(directory));
  return [...debianDirectories(), ...onPath].find((directory) => isPostgres(directory));
}

function debianDirectories() {
  const parent = "/usr/lib/postgresql";
  if (!existsSync(parent)) return [];
  const versions = readdirSync(parent).filter((name) => /^\d+$/.test(name));
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(parent, version, "bin"));
}

/** A PATH entry may hold links only; initdb looks for its files beside the program it points to. */
function realDirectory(directory) {
  const program = join(directory, "postgres");
  return existsSync(program) ? dirname(realpathSync(program)) : directory;
}

function isPostgres(directory) {
  const programs = ["postgres", "initdb", "pg_ctl"].map((name) => join(directory, name));
  if (!programs.every((program) => existsSync(program))) return false;
  try {
    const version = execFileSync(programs[0], ["--version"], { encoding: "utf8" });
    return Number(version.match(/\) (\d+)/)?.[1]) >= postgresMinimum;
  } catch {
    // A program that cannot even tell its version is no server we can use.
    return false;
  }
}

function isOnPath(program) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .some((directory) => existsSync(join(directory, program)));
}

function hasDateutil() {
  // Debian's package is for Debian's own Python, which another may hide on the PATH.
  return ["python3", "/usr/bin/python3"].some(
    (program) => spawnSync(program, ["-c", "import dateutil, zoneinfo"]).status === 0,
  );
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && isOnPath("apt-get");
}

async function aptInstall({ missing, run, logDirectory }) {
  console.log(`apt-get install ${missing.join(" ")}`);
  preventSystemCluster();
  const logFile = join(logDirectory, "apt-get.log");
  const env = { DEBIAN_FRONTEND: "noninteractive", UCF_FORCE_CONFFOLD: "1" };
  const options = ["-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
  const commands = [
    ["apt-get", "update"],
    ["apt-get", "install", ...options, ...missing],
  ];
  for (const command of commands) {
    const { ok, reason } = await run({ command, cwd: "/", env, logFile, limitMs: 600_000 });
    if (!ok) console.log(`  ${command.slice(0, 2).join(" ")}: ${reason}, see ${logFile}`);
  }
}

/** Debian's package otherwise creates and starts a cluster of its own; the tests start private ones. */
function preventSystemCluster() {
  const file = "/etc/postgresql-common/createcluster.conf";
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "create_main_cluster = false\n");
}
