import type { Secret } from "@courier/client";

/** One table of the credentials file. */
export interface Profile {
  readonly name: string;
  readonly url: string | undefined;
  readonly token: Secret | undefined;
  /** The file has an AccessKey or SecretKey, which services of the original used. */
  readonly hasAccessKey: boolean;
  readonly cafile: string | undefined;
  readonly insecure: boolean;
}

/** All that the credentials file says. */
export interface Credentials {
  readonly defaultProfile: string | undefined;
  readonly profiles: readonly Profile[];
}
