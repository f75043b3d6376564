import { describe, expect, it } from "vitest";
import { configurationOf, withoutSecrets, type StartFlags } from "./configuration.ts";

const flags: StartFlags = {
  dataDir: "data",
  listen: "127.0.0.1:0",
  bus: "in-process",
  logLevel: "info",
};

describe("configurationOf", () => {
  it("accepts the defaults", () => {
    expect(configurationOf(flags)).toEqual({
      dataDir: "data",
      address: { host: "127.0.0.1", port: 0 },
      logLevel: "info",
    });
  });

  it("refuses plain HTTP on a network address unless told so", () => {
    const open = { ...flags, listen: "0.0.0.0:80" };

    expect(() => configurationOf(open)).toThrowErrorMatchingInlineSnapshot(
      `[CourierError: --listen 0.0.0.0:80 would send tokens over the network in plain text; give --tls-cert and --tls-key, or say --insecure-listen]`,
    );
    expect(configurationOf({ ...open, insecureListen: true }).address.host).toBe("0.0.0.0");
    expect(configurationOf({ ...open, tlsCert: "c", tlsKey: "k" }).tlsFiles).toEqual({
      cert: "c",
      key: "k",
    });
  });

  it("refuses half a TLS configuration", () => {
    expect(() => configurationOf({ ...flags, tlsCert: "c" })).toThrow(
      "--tls-cert needs --tls-key beside it",
    );
    expect(() => configurationOf({ ...flags, tlsKey: "k" })).toThrow(
      "--tls-key needs --tls-cert beside it",
    );
  });

  it("refuses a bus of another kind without repeating its password", () => {
    const nats = { ...flags, bus: "nats://user:secret@host:4222" };

    expect(() => configurationOf(nats)).toThrowErrorMatchingInlineSnapshot(
      `[CourierError: --bus "nats://[redacted]@host:4222" is not supported by this version; leave it out, or say in-process]`,
    );
  });

  it("refuses other databases and unknown levels", () => {
    expect(() => configurationOf({ ...flags, databaseUrl: "mysql://u:p@h/d" })).toThrow(
      "mysql://[redacted]@h/d",
    );
    expect(() => configurationOf({ ...flags, logLevel: "loud" })).toThrow(
      "expected one of trace, debug",
    );
  });
});

describe("withoutSecrets", () => {
  it("hides user and password", () => {
    expect(withoutSecrets("postgres://me:pw@host/db")).toBe("postgres://[redacted]@host/db");
  });
});
