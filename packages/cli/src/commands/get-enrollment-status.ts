import type { CommandSpec } from "../command.ts";

/** `status get-status`, in the original's form: scripts read `item.state` and whether every step of `item.stateWorkflow` succeeded. */
export const getStatus: CommandSpec = {
  options: [{ flag: "--nodeId <ID>", summary: "the node's id or name", isRequired: true }],
  notes:
    "A node enrols in one step, with its key; one of a cohort with approvalNeeded stays admitted (InProgress) until\n" +
    "management node approve-node. More about it: management node find-one-node.",
  run: async (context, flags) => {
    const nodeId = flags.need("nodeId");
    const client = await context.client();
    const { id, enrollmentLevel } = (await client.getNode(nodeId, context.world)).item;
    const status = enrollmentLevel === "admitted" ? "InProgress" : "Success";
    const log = status === "InProgress" ? "waits for approval" : "";
    const state = "Enrollment";
    const item = { id, enrollmentLevel, state, stateWorkflow: [{ state, status, log }] };
    await context.printItem({ item }, [
      { header: "id", value: (answer) => answer.id },
      { header: "level", value: (answer) => answer.enrollmentLevel },
      { header: "status", value: ({ stateWorkflow }) => stateWorkflow[0]?.status },
    ]);
    return 0;
  },
};
