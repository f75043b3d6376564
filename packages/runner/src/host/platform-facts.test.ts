import { expect, test } from "vitest";
import { fullName } from "./node-attributes.ts";
import { describePlatform } from "./platform-facts.ts";
import { primaryAddress } from "./primary-address.ts";

test.each([
  { osRelease: "ID=debian", platform: "debian", family: "debian" },
  { osRelease: "ID=ubuntu\nID_LIKE=debian", platform: "ubuntu", family: "debian" },
  { osRelease: 'ID="rocky"\nID_LIKE="rhel centos fedora"', platform: "rocky", family: "rhel" },
  { osRelease: 'ID="rhel"\nID_LIKE="fedora"', platform: "redhat", family: "rhel" },
  { osRelease: 'ID="amzn"\nID_LIKE="fedora"', platform: "amazon", family: "amazon" },
  { osRelease: 'ID=linuxmint\nID_LIKE="ubuntu debian"', platform: "linuxmint", family: "debian" },
  { osRelease: 'ID="opensuse-leap"\nID_LIKE="suse"', platform: "opensuse-leap", family: "suse" },
  { osRelease: "", platform: "linux", family: "linux" },
])("names platform and family of $osRelease", ({ osRelease, platform, family }) => {
  expect(describePlatform({ platform: "linux", release: "6.1", osRelease })).toMatchObject({
    os: "linux",
    platform,
    platform_family: family,
  });
});

test("takes name and version as the distribution writes them", () => {
  const osRelease = 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n';

  expect(describePlatform({ platform: "linux", release: "6.1", osRelease })).toMatchObject({
    os_name: "Debian GNU/Linux",
    os_version: "12",
    platform_version: "12",
  });
});

test("names other systems as filters do", () => {
  expect(describePlatform({ platform: "darwin", release: "23.1", osRelease: "" })).toMatchObject({
    os: "darwin",
    platform_family: "mac_os_x",
  });
});

test("prefers the interface of the default route", () => {
  const address = (text: string) => ({
    address: text,
    netmask: "255.0.0.0",
    mac: "",
    internal: false,
    family: "IPv4" as const,
    cidr: null,
  });
  const interfaces = { docker0: [address("172.17.0.1")], eth1: [address("10.0.0.7")] };
  const routes = "Iface\tDestination\tGateway\neth1\t00000000\t0100000A\n";

  expect(primaryAddress(interfaces, routes)).toBe("10.0.0.7");
  expect(primaryAddress(interfaces, "")).toBe("172.17.0.1");
  expect(primaryAddress({}, "")).toBe("127.0.0.1");
});

test("takes the domain from the hosts file", () => {
  const hosts = "127.0.0.1 localhost\n10.0.0.7 web-1.example.org web-1 # me\n";

  expect(fullName("web-1", hosts)).toBe("web-1.example.org");
  expect(fullName("web-2", hosts)).toBe("web-2");
  expect(fullName("a.b", hosts)).toBe("a.b");
});
