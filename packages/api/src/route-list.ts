import type { RouteOptions } from "fastify";

/** One route as it was added. */
export interface KnownRoute {
  readonly methods: readonly string[];
  readonly url: string;
  readonly schema: RouteOptions["schema"];
}

/** All routes of the service: what answers OPTIONS, explains a 404 and is written down in the OpenAPI document. */
export class RouteList {
  readonly #routes: KnownRoute[] = [];

  /** Remembers a route. */
  add(route: RouteOptions): void {
    this.#routes.push({ methods: [route.method].flat(), url: route.url, schema: route.schema });
  }

  /** Every route, in the order they were added. */
  all(): readonly KnownRoute[] {
    return this.#routes;
  }

  /** The methods that a path answers to; empty when there is no such path. */
  methodsOf(path: string): string[] {
    const methods = this.#routes
      .filter((route) => matches(route.url, path))
      .flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const parts = path.split("/");
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => part.startsWith(":") || part === parts[index])
  );
}
