import type { CommandSpec } from "../../command.ts";
import {
  createCommand,
  deleteCommand,
  findAllCommand,
  findOneCommand,
  membersCommand,
} from "./node-set-commands.ts";

/** `management list create-list` */
export const createList: CommandSpec = createCommand("list", {
  notes: 'Body: {"name": "canaries", "nodeIds": ["web-1", …]}, ids or names.',
  examples: [{ title: "two canaries", body: { name: "canaries", nodeIds: ["web-1", "db-1"] } }],
});

/** `management list find-one-list` */
export const findOneList: CommandSpec = findOneCommand("list");

/** `management list find-all-lists` */
export const findAllLists: CommandSpec = findAllCommand("list");

/** `management list add-nodes` */
export const addListNodes: CommandSpec = membersCommand("list", "add");

/** `management list remove-nodes` */
export const removeListNodes: CommandSpec = membersCommand("list", "remove");

/** `management list modify-nodes` */
export const modifyListNodes: CommandSpec = membersCommand("list", "modify");

/** `management list delete-list` */
export const deleteList: CommandSpec = deleteCommand("list");
