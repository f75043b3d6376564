import type { CommandSpec } from "../../command.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import {
  createCommand,
  deleteCommand,
  findAllCommand,
  findOneCommand,
  idRows,
  membersCommand,
  setOption,
} from "./node-set-commands.ts";

/** `management cohort create-cohort` */
export const createCohort: CommandSpec = createCommand("cohort", {
  notes:
    'Body: {"name": "web", "nodeIds": ["web-1", …]}, ids or names. With "approvalNeeded": true nodes that are admitted to it\n' +
    "(enrollment create-key --cohortId) get no runs until they are approved (management node approve-node). settingId and\n" +
    "skillAssemblyId of the original are kept and shown; nothing is installed or configured by them.",
  examples: [
    { title: "the shop", body: { name: "shop", description: "web shop", nodeIds: ["web-1"] } },
  ],
});

/** `management cohort update-cohort` */
export const updateCohort: CommandSpec = {
  options: [setOption("cohort"), ...bodyOptions],
  notes:
    'Body: {"name": "web", "description": "…", "approvalNeeded": true}; what is left out stays. approvalNeeded is for nodes\n' +
    "that are admitted from now on. A new name is refused while a job targets the cohort by the old one.",
  examples: [{ title: "new nodes wait for approval", body: { approvalNeeded: true } }],
  run: async (context, flags) => {
    const id = flags.need("cohortId");
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await context.printItem(await client.updateCohort(id, { body, signal }), idRows);
    return 0;
  },
};

/** `management cohort find-one-cohort` */
export const findOneCohort: CommandSpec = findOneCommand("cohort");

/** `management cohort find-all-cohorts` */
export const findAllCohorts: CommandSpec = findAllCommand("cohort");

/** `management cohort add-nodes` */
export const addCohortNodes: CommandSpec = membersCommand("cohort", "add");

/** `management cohort remove-nodes` */
export const removeCohortNodes: CommandSpec = membersCommand("cohort", "remove");

/** `management cohort delete-cohort` */
export const deleteCohort: CommandSpec = deleteCommand("cohort");
