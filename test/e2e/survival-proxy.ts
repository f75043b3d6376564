import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy on the loopback address that can lose everything without a word, as a network does. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(targetPort: number) {
    this.#server = createServer((inward) => this.#pair(inward, targetPort));
  }

  static async start(targetPort: number): Promise<Proxy> {
    const proxy = new Proxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
    return `http://127.0.0.1:${address.port}`;
  }

  /** From now on whatever is sent disappears; connections stay open. */
  cut(): void {
    this.#isCut = true;
  }

  /** Connections that lost something are reset; new ones work. */
  heal(): void {
    this.#isCut = false;
    this.#reset();
  }

  async stop(): Promise<void> {
    this.#reset();
    this.#server.close();
    await once(this.#server, "close");
  }

  #pair(inward: Socket, targetPort: number): void {
    const outward = connect(targetPort, "127.0.0.1");
    this.#forward(inward, outward);
    this.#forward(outward, inward);
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (data) => {
      if (!this.#isCut) to.write(data);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  #reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
