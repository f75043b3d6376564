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

/** The bytes a node signs to hand in an attempt's artifacts: they bind the archive to its place, so that a repeat changes nothing. */
export function evidenceText(parts: {
  readonly nodeId: string;
  readonly runId: string;
  readonly token: number;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}): string {
  const { nodeId, runId, token, stepNumber, attempt, sizeBytes, sha256 } = parts;
  const place = `${runId}\n${token}\n${stepNumber}\n${attempt}`;
  return `courier node evidence v1\n${nodeId}\n${place}\n${sizeBytes}\n${sha256}`;
}
