import type { Secret } from "@courier/client";

/** One table of the credentials file. */
export interface Profile {
  readonly name: string;
  readonly url: string | undefined;
  /** `Token`, else `AccessKey` and `SecretKey` put together. */
  readonly token: Secret | undefined;
  readonly cafile: string | undefined;
  readonly insecure: boolean;
}

/** All that the credentials file says. */
export interface Credentials {
  readonly defaultProfile: string | undefined;
  readonly profiles: readonly Profile[];
}
