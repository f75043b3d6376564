/** The bytes a node signs to answer a challenge (both nonces are in it, so that no answer can be replayed). */
export function challengeText(parts: {
  readonly serverNonce: string;
  readonly nodeNonce: string;
  readonly nodeId: string;
}): string {
  return `courier node hello v1\n${parts.nodeId}\n${parts.serverNonce}\n${parts.nodeNonce}`;
}

/** The bytes the service signs to prove itself to a node. */
export function welcomeText(parts: {
  readonly serverNonce: string;
  readonly nodeNonce: string;
  readonly nodeId: string;
}): string {
  return `courier server welcome v1\n${parts.nodeId}\n${parts.nodeNonce}\n${parts.serverNonce}`;
}
