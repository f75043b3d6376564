import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  explainFetch,
  fetchingArgv,
  fetchingFiles,
  playbookUrlVariable,
  pythonFor,
} from "./fetch-playbook.ts";

const isCi = process.env["CI"] === "true";
const python = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((directory) => join(directory, "python3"))
  .find((path) => existsSync(path));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let directory: string;
let base: string;
let answer: Answer;
let asked: string[];
const server = createServer((request, response) => {
  asked.push(`${request.headers["user-agent"]} ${request.headers.authorization} ${request.url}`);
  answer(request, response);
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "courier-fetch-"));
  for (const [name, text] of Object.entries(fetchingFiles())) {
    writeFileSync(join(directory, name), text);
  }
  asked = [];
  base = await listening(server, "http");
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

async function listening(on: Server, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => on.listen(0, "127.0.0.1", resolve));
  // A server on a port has an address of this form.
  return `${scheme}://127.0.0.1:${(on.address() as AddressInfo).port}`;
}

/** A certificate that is its own authority. */
function certificate(certPath: string): { readonly cert: Buffer; readonly key: Buffer } {
  const keyPath = `${certPath}.key`;
  const subject = ["-subj", "/CN=courier", "-addext", "subjectAltName=IP:127.0.0.1"];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", keyPath, "-out", certPath];
  const argv = ["req", "-x509", ...newKey, "-days", "2", ...subject, ...files];
  execFileSync("openssl", argv, { stdio: "ignore" });
  return { cert: readFileSync(certPath), key: readFileSync(keyPath) };
}

interface Limits {
  readonly bytesMax?: number;
  readonly timeoutMs?: number;
  readonly redirectsMax?: number;
}

/** Fetches a playbook; in the place of Ansible it is shown. */
function fetchAndShow(
  url: string,
  limits: Limits = {},
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; err: string }> {
  const argv = fetchingArgv({
    ...{ python: python ?? "python3", runDirectory: directory },
    playbookPath: join(directory, "playbook.yml"),
    argv: [
      "/bin/sh",
      "-c",
      `cat "$0"; env | grep -c ${playbookUrlVariable}; true`,
      join(directory, "playbook.yml"),
    ],
    ...limits,
  });
  const environment = { PATH: "/usr/bin:/bin", [playbookUrlVariable]: url, ...more };
  return new Promise((resolve) => {
    const child = execFile(argv[0] ?? "", argv.slice(1), { env: environment }, (_, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

/** What the step's reason would be of a fetch that must fail, with nothing else on any stream. */
async function failureOf(path: string, limits: Limits = {}): Promise<string | undefined> {
  const { code, out, err } = await fetchAndShow(base + path, limits);
  expect([code, out, err.split("\n").length]).toEqual([1, "", 2]);
  return explainFetch(err)?.replaceAll(base, "BASE");
}

const from = "the playbook was not fetched from BASE";

describe.skipIf(python === undefined && !isCi)("fetching a playbook", () => {
  test("becomes the command once the playbook is there, and hides the URL from it", async () => {
    answer = (_, response) => response.end("- hosts: all\n");

    const shown = await fetchAndShow(`${base}/my%20site.yml?token=ä`);

    expect(shown).toEqual({ code: 0, out: "- hosts: all\n0\n", err: "" });
    expect(asked).toEqual(["courier-runner undefined /my%20site.yml?token=%C3%A4"]);
  });

  test.each([301, 302, 303, 307, 308])("follows a redirect by %d", async (code) => {
    answer = ({ url }, response) => {
      if (url === "/site.yml") response.writeHead(code, { location: "there/site.yml?b=2" }).end();
      else response.end(url);
    };

    expect(await fetchAndShow(`${base}/site.yml`)).toMatchObject({
      out: "/there/site.yml?b=2" + "0\n",
    });
  });

  test("asks the proxy that the step is told of", async () => {
    answer = (_, response) => response.end("- hosts: all\n");

    const shown = await fetchAndShow("http://far.invalid/site.yml", {}, { http_proxy: base });

    expect(shown.out).toBe("- hosts: all\n0\n");
    expect(asked).toEqual(["courier-runner undefined http://far.invalid/site.yml"]);
  });

  test.each([404, 403, 500, 204])(
    "names URL and status, and nothing that is secret: %d",
    async (code) => {
      answer = (_, response) =>
        response.writeHead(code, "s3cret").end(code === 204 ? "" : "s3cret");

      expect(await failureOf("/site.yml?sig=s3cret")).toMatch(
        new RegExp(`^${from}/site.yml\\?…: HTTP status ${code} [A-Z]`),
      );
    },
  );

  test("follows so many redirects and no more", async () => {
    answer = ({ url = "" }, response) => {
      response.writeHead(302, { location: `/a?n=${Number(url.split("=")[1]) + 1}` }).end();
    };

    expect(await failureOf("/a?n=0", { redirectsMax: 3 })).toBe(
      `${from}/a?…, which leads to BASE/a?…: more than 3 redirects`,
    );
    expect(asked).toHaveLength(4);
  });

  test.each(["file:///etc/hostname", "ftp://127.0.0.1/site.yml", "s3://bucket/site.yml"])(
    "is not led to %s",
    async (location) => {
      answer = (_, response) => response.writeHead(302, { location }).end();

      expect(await failureOf("/a?s3cret")).toBe(
        `${from}/a?…, which leads to ${location}: a redirect from BASE/a?… is not followed`,
      );
    },
  );

  test("sends no user name and password that a redirect holds, and does not show them", async () => {
    const location = `http://me:s3cret@${base.slice("http://".length)}/b`;
    answer = (_, response) => response.writeHead(302, { location }).end();

    expect(await failureOf("/a")).toBe(
      `${from}/a, which leads to BASE/b: a redirect from BASE/a is not followed`,
    );
    expect(asked).toHaveLength(1);
  });

  test("keeps to the authorities of the machine, and is not led from https to http", async () => {
    const cert = join(directory, "cert.pem");
    const secure = createSecureServer(certificate(cert), (_, response) => {
      response.writeHead(302, { location: `${base}/b` }).end();
    });
    onTestFinished(() => void secure.close());
    const url = await listening(secure, "https");

    const stranger = await fetchAndShow(`${url}/a`);
    const known = await fetchAndShow(`${url}/a`, {}, { SSL_CERT_FILE: cert });

    expect(explainFetch(stranger.err)).toContain(`${url}/a: [SSL: CERTIFICATE_VERIFY_FAILED]`);
    expect(explainFetch(known.err)).toContain(`a redirect from ${url}/a is not followed`);
    expect(asked).toEqual([]);
  });

  test.each([true, false])(
    "takes no more than it may, whether told the size (%s) or not",
    async (isTold) => {
      const text = "x".repeat(1001);
      answer = (_, response) => {
        if (isTold) response.setHeader("content-length", text.length);
        response.write(text.slice(0, 500));
        response.end(text.slice(500));
      };

      expect(await failureOf("/a", { bytesMax: 1000 })).toBe(
        `${from}/a: it is larger than 1000 bytes`,
      );
      expect(await fetchAndShow(`${base}/a`, { bytesMax: 1001 })).toMatchObject({ code: 0 });
    },
  );

  test.each([
    [{ "content-length": "1000" }, "the connection ended after 4 of 1000 bytes"],
    [{}, "the connection ended before its end"],
  ])("takes no part for the whole when the connection is cut: %j", async (headers, reason) => {
    answer = ({ socket }, response) => {
      response.writeHead(200, headers).write("part", () => socket.end());
    };

    expect(await failureOf("/a")).toBe(`${from}/a: ${reason}`);
  });

  test("says that a connection was closed without an answer, or refused", async () => {
    answer = ({ socket }) => socket.destroy();

    expect(await failureOf("/a")).toMatch(
      /: Remote end closed connection without response$|reset by peer$/,
    );
    await new Promise((resolve) => server.close(resolve));
    expect(await failureOf("/a")).toMatch(/: .*Connection refused$/);
  });

  test("does not wait longer than it may for a server that goes on for ever", async () => {
    answer = (_, response) => {
      const drip = setInterval(() => response.write("#"), 20);
      response.once("close", () => clearInterval(drip));
    };

    expect(await failureOf("/a", { timeoutMs: 200 })).toBe(
      `${from}/a: it was not there within 0.2 s`,
    );
  });

  test("says of what is no URL that it is none", async () => {
    const { code, err } = await fetchAndShow("http://[::1/site.yml?s3cret");

    expect(code).toBe(1);
    expect(explainFetch(err)).toBe(
      "the playbook was not fetched from http://[::1/site.yml?…: what is there is no HTTP (ValueError)",
    );
  });
});

test("takes the Python that runs Ansible, else the one that is found by name, and says when there is none", () => {
  const ansible = join(directory, "ansible-playbook");
  const runBy = (first: string): string => {
    writeFileSync(ansible, `${first}\nimport ansible\n`);
    return pythonFor(ansible, [directory]);
  };

  expect(runBy("#! /usr/bin/python3")).toBe("/usr/bin/python3");
  expect(runBy("#!/opt/venv/bin/python3.11 -sP")).toBe("/opt/venv/bin/python3.11");
  expect(runBy("#!/opt/venv/bin/python")).toBe("/opt/venv/bin/python");
  expect(() => runBy("#!/bin/sh")).toThrow("needs python3, which is not installed on this node");
  writeFileSync(join(directory, "python3"), "#!/bin/sh\n", { mode: 0o755 });
  for (const first of ["#!/bin/sh", "#!/usr/bin/env python3", "#!/usr/bin/python"]) {
    expect(runBy(first)).toBe(join(directory, "python3"));
  }
});

test("takes no other failure of Ansible for its own", () => {
  expect(explainFetch("")).toBeUndefined();
  expect(explainFetch("ERROR! the playbook could not be found\n")).toBeUndefined();
});
