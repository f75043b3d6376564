import { arch, hostname, platform, release, version } from "node:os";

/** Attributes by namespace. */
export type NodeAttributes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the agent tells of its node: facts in `agent`, what the user gave with --tag in `tags`. */
export function nodeAttributes(options: {
  readonly agentVersion: string;
  readonly bootId: string;
  readonly tags: Readonly<Record<string, string>>;
}): NodeAttributes {
  const { agentVersion, bootId, tags } = options;
  return {
    agent: {
      agentVersion,
      architecture: arch(),
      bootId,
      hostname: hostname(),
      osRelease: release(),
      osVersion: version(),
      platform: platform(),
    },
    tags,
  };
}
