import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";

import { createClient, Secret, type ClientOptions, type CourierClient } from "@courier/client";
import { describe, expect, it, onTestFinished } from "vitest";

const signal = new AbortController().signal;

function clientFor(url: string, options: Partial<ClientOptions> = {}): CourierClient {
  return createClient({
    url,
    token: new Secret("cou_canary"),
    userAgent: "test",
    timeoutMs: 60_000,
    pace: { random: () => 0, delay: () => Promise.resolve() },
    ...options,
  });
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server.address())}`;
}

async function listenTcp(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server.address())}`;
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== "object" || address === null) throw new Error("not listening on a port");
  return address.port;
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  const code = error instanceof Error && "code" in error ? `${String(error.code)}: ` : "";
  return `${code}${error instanceof Error ? error.message : String(error)}`.replaceAll(
    /127\.0\.0\.1:\d+/g,
    "HOST",
  );
}

describe("a service that does not answer properly", () => {
  it("nothing listens", async () => {
    const url = await listen(() => undefined);
    const closed = url.replace(/:\d+$/, ":1");

    expect(await failureOf(clientFor(closed).getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: cannot reach http://HOST: connection refused; nothing listens there",
    );
  });

  it("the name is not known", async () => {
    const failure = await failureOf(clientFor("http://courier.invalid").getJob("x", { signal }));

    expect(failure).toMatch(
      /^SERVICE_UNREACHABLE: cannot reach http:\/\/courier\.invalid: the host name "courier\.invalid" (is not known|cannot be resolved)$/,
    );
  });

  it("never answers", async () => {
    const url = await listen(() => undefined);
    const client = clientFor(url, { timeoutMs: 300 });

    expect(await failureOf(client.getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: cannot reach http://HOST: no answer within 0.3 s",
    );
  });

  it("starts an answer and never ends it", async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"item":');
    });
    const client = clientFor(url, { timeoutMs: 300 });

    expect(await failureOf(client.getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: cannot reach http://HOST: no answer within 0.3 s",
    );
  });

  it("closes the connection", async () => {
    const url = await listenTcp((socket) => socket.resetAndDestroy());

    expect(await failureOf(clientFor(url).getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: cannot reach http://HOST: the connection was closed before the answer came",
    );
  });

  it("does not speak HTTP", async () => {
    const url = await listenTcp((socket) => socket.end("220 smtp ready\r\n"));

    expect(await failureOf(clientFor(url).getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: cannot reach http://HOST: what listens there does not speak HTTP",
    );
  });

  it("does not speak TLS", async () => {
    const url = await listen((_, response) => response.end());

    expect(await failureOf(clientFor(url.replace("http", "https")).getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: cannot reach https://HOST: what listens there does not speak TLS; is it http://?",
    );
  });

  it("is a proxy with a page of its own", async () => {
    const url = await listen((_, response) => {
      response.writeHead(500, { "content-type": "text/html; charset=utf-8" });
      response.end("<html>\n<h1>Oops</h1></html>");
    });

    expect(await failureOf(clientFor(url).getJob("x", { signal }))).toBe(
      'SERVICE_UNREACHABLE: http://HOST answered 500 with something that is not Courier\'s (text/html): "<html> <h1>Oops</h1></html>"',
    );
  });

  it("answers 200 with something else", async () => {
    const url = await listen((_, response) => response.end("welcome"));

    expect(await failureOf(clientFor(url).getJob("x", { signal }))).toBe(
      'SERVICE_UNREACHABLE: http://HOST answered 200 with something that is not Courier\'s (no content type): "welcome"',
    );
  });

  it("redirects, and the token does not follow", async () => {
    let requests = 0;
    const target = await listen((_, response) => {
      requests += 1;
      response.end("{}");
    });
    const url = await listen((_, response) => {
      response.writeHead(302, { location: target });
      response.end();
    });

    expect(await failureOf(clientFor(url).getJob("x", { signal }))).toBe(
      "SERVICE_UNREACHABLE: http://HOST redirects to http://HOST; use the final address as the profile's Url",
    );
    expect(requests).toBe(0);
  });

  it("knows an error code that we do not", async () => {
    const url = await listen((_, response) => {
      response.writeHead(409, { "content-type": "application/json" });
      response.end(
        '{"error":{"code":"NEW_CODE","message":"a new thing","details":[],"requestId":"r"}}',
      );
    });

    expect(await failureOf(clientFor(url).getJob("x", { signal }))).toBe(
      "REQUEST_INVALID: a new thing",
    );
  });
});

describe("a service that fails for a moment", () => {
  it("gets a read again, and add-job again with the same idempotency key", async () => {
    const keys: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      const key = request.headers["idempotency-key"];
      keys.push(typeof key === "string" ? key : undefined);
      if (keys.length % 2 === 1) {
        request.socket.destroy();
        return;
      }
      response.end('{"item":{"id":"x","exceptionReasons":[],"nextExecutionTime":""}}');
    });
    const client = clientFor(url);

    await client.getJob("x", { signal });
    await client.addJob({ text: "{}", format: "json" }, { signal });

    expect(keys).toHaveLength(4);
    expect(keys[2]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[3]).toBe(keys[2]);
  });

  it("does not get an enrolment key request twice", async () => {
    let requests = 0;
    const url = await listen((request) => {
      requests += 1;
      request.socket.destroy();
    });

    expect(await failureOf(clientFor(url).createEnrollmentKey({}, { signal }))).toContain(
      "closed before the answer came",
    );
    expect(requests).toBe(1);
  });

  it("gets its event stream opened again, also after it broke in the middle of an event", async () => {
    let requests = 0;
    const url = await listen((request, response) => {
      requests += 1;
      if (requests === 2) {
        request.socket.destroy();
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = (status: string): string =>
        `event: instance\ndata: {"id":"i","status":"${status}","groups":[]}\n\n`;
      if (requests === 3) {
        response.end(`: alive\n\n${event("success")}`);
        return;
      }
      response.write(`${event("running")}event: inst`, () => response.destroy());
    });
    const seen: string[] = [];

    for await (const event of clientFor(url).watchInstance("i", { signal })) {
      seen.push(event.kind === "instance" ? event.item.status : event.kind);
    }

    expect(seen).toEqual(["running", "interrupted", "resumed", "success"]);
  });
});

it("stops at once, with the caller's own reason, when the caller wants no more", async () => {
  const url = await listen(() => undefined);
  const controller = new AbortController();
  const call = clientFor(url).getJob("x", { signal: controller.signal });

  controller.abort(new Error("enough"));

  await expect(call).rejects.toThrow("enough");
});

it("never shows the token, not even in its traces", async () => {
  const lines: string[] = [];
  const url = await listen((_, response) => response.end('{"item":{}}'));
  const client = clientFor(url, { trace: (line) => lines.push(line) });

  await client.getJob("x", { signal });

  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toContain("canary");
});
