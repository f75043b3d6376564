import { describe, expect, it } from "vitest";
import { isLoopback, parseListenAddress, urlOf } from "./address.ts";

describe("parseListenAddress", () => {
  it("reads host and port in all their spellings", () => {
    expect(parseListenAddress("127.0.0.1:80")).toEqual({ host: "127.0.0.1", port: 80 });
    expect(parseListenAddress("[::1]:80")).toEqual({ host: "::1", port: 80 });
    expect(parseListenAddress(":80")).toEqual({ host: "0.0.0.0", port: 80 });
    expect(parseListenAddress("8080")).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(parseListenAddress("courier.internal:0")).toEqual({ host: "courier.internal", port: 0 });
  });

  it("refuses what is no address", () => {
    for (const text of ["", "host", "host:", "host:99999", "::1:80", "http://x:80"]) {
      expect(() => parseListenAddress(text)).toThrow("expected HOST:PORT");
    }
  });
});

describe("isLoopback", () => {
  it("tells this machine from the network", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].every(isLoopback)).toBe(true);
    expect(["0.0.0.0", "::", "10.0.0.1", "127.evil.example"].some(isLoopback)).toBe(false);
  });
});

describe("urlOf", () => {
  it("names an address that a client can use", () => {
    expect(urlOf({ host: "0.0.0.0", port: 1 }, false)).toBe("http://127.0.0.1:1");
    expect(urlOf({ host: "::", port: 1 }, true)).toBe("https://[::1]:1");
    expect(urlOf({ host: "courier.internal", port: 443 }, true)).toBe(
      "https://courier.internal:443",
    );
  });
});
