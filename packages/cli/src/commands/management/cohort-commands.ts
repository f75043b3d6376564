import type { CommandSpec } from "../../command.ts";
import {
  createCommand,
  deleteCommand,
  findAllCommand,
  findOneCommand,
  membersCommand,
} from "./node-set-commands.ts";

/** `management cohort create-cohort` */
export const createCohort: CommandSpec = createCommand("cohort", {
  notes:
    'Body: {"name": "web", "nodeIds": ["web-1", …]}, ids or names. settingId and skillAssemblyId of the original are kept and\n' +
    "shown; nothing is installed or configured by them.",
  examples: [
    { title: "the shop", body: { name: "shop", description: "web shop", nodeIds: ["web-1"] } },
  ],
});

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
