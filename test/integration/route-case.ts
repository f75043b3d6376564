/** A route that needs a token, with what it is asked. */
export interface RouteCase {
  readonly method: string;
  readonly path: string;
  /** A role that may, and one that may not. */
  readonly role: "admin" | "operator" | "node-manager" | "viewer";
  readonly forbidden?: "node-manager" | "operator" | "viewer" | undefined;
  readonly body?: string | object;
  readonly invalid?: { readonly query?: string; readonly body?: string | object };
  readonly notFound?: string;
}
