/** What varies between the jobs of these tests. */
export interface TemplateOptions {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly batchSize?: number;
  readonly lines?: readonly string[];
}

/** A job that runs shell lines on nodes. */
export function jobTemplate(options: TemplateOptions): object {
  return {
    name: options.name,
    scheduleRule: "immediate",
    target: {
      executionType: "sequential",
      groups: [
        {
          nodeListType: "nodes",
          nodeIdentifiers: options.nodes,
          ...(options.batchSize === undefined
            ? {}
            : { batchSize: { type: "number", value: options.batchSize } }),
        },
      ],
    },
    actions: {
      accessMode: "agent",
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: options.lines ?? ["true"] },
        },
      ],
    },
  };
}
