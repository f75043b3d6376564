/** Which operating system this is, in the words that filters use. */
export interface PlatformFacts {
  /** linux, darwin, windows. */
  readonly os: string;
  /** As the distribution names itself: Debian GNU/Linux. */
  readonly os_name: string;
  readonly os_version: string;
  /** debian, ubuntu, redhat, mac_os_x, windows … */
  readonly platform: string;
  /** debian, rhel, fedora, suse, amazon … */
  readonly platform_family: string;
  readonly platform_version: string;
}

/** Platform facts from Node's platform, the kernel's release and the text of /etc/os-release ("" where there is none). */
export function describePlatform(host: {
  readonly platform: string;
  readonly release: string;
  readonly osRelease: string;
}): PlatformFacts {
  if (host.platform === "linux") return describeLinux(host.osRelease);
  const [os, name] = otherSystems[host.platform] ?? [host.platform, host.platform];
  const platform = os === "darwin" ? "mac_os_x" : os;
  return {
    os,
    os_name: name,
    os_version: host.release,
    platform,
    platform_family: platform,
    platform_version: host.release,
  };
}

const otherSystems: Readonly<Record<string, readonly [os: string, name: string]>> = {
  darwin: ["darwin", "macOS"],
  win32: ["windows", "Windows"],
};

function describeLinux(osRelease: string): PlatformFacts {
  const fields = parseOsRelease(osRelease);
  const id = fields.get("ID") ?? "linux";
  const version = fields.get("VERSION_ID") ?? "";
  return {
    os: "linux",
    os_name: fields.get("NAME") ?? "Linux",
    os_version: version,
    platform: platformNames[id] ?? id,
    platform_family: familyOf([id, ...(fields.get("ID_LIKE") ?? "").split(" ")]),
    platform_version: version,
  };
}

/** `KEY=value` or `KEY="value"`, one a line (os-release(5)). */
function parseOsRelease(text: string): Map<string, string> {
  const entries = text.split("\n").flatMap((line): [string, string][] => {
    const [, key, value] = /^([A-Z0-9_]+)=["']?(.*?)["']?\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
  return new Map(entries);
}

/** Distributions that filters name otherwise than the distribution itself. */
const platformNames: Readonly<Record<string, string>> = {
  amzn: "amazon",
  ol: "oracle",
  rhel: "redhat",
  sles: "suse",
};

const families: Readonly<Record<string, string>> = {
  almalinux: "rhel",
  alpine: "alpine",
  amzn: "amazon",
  arch: "arch",
  centos: "rhel",
  debian: "debian",
  fedora: "fedora",
  ol: "rhel",
  opensuse: "suse",
  rhel: "rhel",
  rocky: "rhel",
  sles: "suse",
  suse: "suse",
  ubuntu: "debian",
};

/** The family of the first known name; the distribution's own name when none is known. */
function familyOf(names: readonly string[]): string {
  const known = names.find((name) => families[name] !== undefined) ?? "";
  return families[known] ?? names[0] ?? "";
}
