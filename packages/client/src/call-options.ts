/** Which page of a list; absent values are the service's defaults. */
export interface PageQuery {
  readonly page?: number | undefined;
  readonly size?: number | undefined;
}

/** Every call takes the signal that ends it. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** A call with a JSON body as the user wrote it; the service says what is wrong with it. */
export interface BodyCall extends CallOptions {
  readonly body: unknown;
}

/** Filters of a list: absent ones are not sent. */
export type Filters = Readonly<Record<string, string | number | undefined>>;

/** What a POST carries beside its path. */
export interface PostOptions extends CallOptions {
  readonly query?: Filters;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default true: sending it twice does no more than sending it once. */
  readonly isRepeatable?: boolean;
}

/** A template as the user wrote it. */
export interface TemplateText {
  readonly text: string;
  readonly format: "json" | "yaml" | "toml";
}

/** A call that makes something; the same key makes it once, and a fresh key is made when absent. */
export interface KeyedCallOptions extends CallOptions {
  readonly idempotencyKey?: string | undefined;
}

/** What a POST with a key carries. */
export interface KeyedPostOptions extends KeyedCallOptions {
  readonly body: string;
  readonly query?: Filters;
  /** Default JSON. */
  readonly mediaType?: string;
}

/** What a PUT carries. */
export interface PutOptions extends CallOptions {
  readonly body: string;
  /** Default JSON. */
  readonly mediaType?: string;
  /** The ETag of the version that the change is meant for. */
  readonly ifMatch?: string | undefined;
}

/** What carries a JSON body. */
export function jsonBody({ body, signal }: BodyCall): PostOptions {
  const headers = { "Content-Type": "application/json" };
  return { signal, body: JSON.stringify(body), headers };
}
