/** The two halves of an API token: a name that may be shown, and the secret. */
export interface KeyPair {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Splits a token's text at its last `_`. */
export function keyPairOf(token: string): KeyPair {
  const at = token.lastIndexOf("_");
  return { accessKey: token.slice(0, at), secretKey: token.slice(at + 1) };
}

/** The token that a key pair is. */
export function tokenOf({ accessKey, secretKey }: KeyPair): string {
  return `${accessKey}_${secretKey}`;
}
