export type { Api, ApiOptions } from "./create-api.ts";
export { createApi } from "./create-api.ts";
export type { TlsFiles } from "./http-server.ts";
export type { ApiLimits, RateLimit } from "./limits.ts";
export { defaultApiLimits } from "./limits.ts";
export type { Metric, Metrics, MetricValue } from "./metrics.ts";
export { mintToken } from "./secrets.ts";
export type { MintedSecret } from "./secrets.ts";
