import type { CommandSpec, OptionSpec } from "../../command.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import { nodeOption, printNode } from "./node-changes.ts";

const namespaceOption: OptionSpec = {
  flag: "--namespace <NAME>",
  summary: "a namespace of yours, or tags",
  isRequired: true,
};

const reserved = "The namespaces agent, gohai, aws, azure and enroll are the platform's own.";

/** `management node modify-attributes` */
export const modifyAttributes: CommandSpec = changeCommand("modify");

/** `management node update-attributes` */
export const updateAttributes: CommandSpec = changeCommand("update");

/** `management node delete-attributes` */
export const deleteAttributes: CommandSpec = {
  options: [
    nodeOption,
    namespaceOption,
    {
      flag: "--name <NAMES>",
      summary: "attributes to take away, separated by commas; without it all of the namespace",
    },
  ],
  notes: `Takes away what users attached. ${reserved}`,
  run: async (context, flags) => {
    const of = { nodeId: flags.need("nodeId"), namespace: flags.need("namespace") };
    const names = flags
      .text("name")
      ?.split(",")
      .map((name) => name.trim());
    const attributes = Object.fromEntries((names ?? []).map((name) => [name, null]));
    const client = await context.client();
    const call = { body: { attributes }, signal: context.world.signal };
    const action = names === undefined ? "update" : "modify";
    await printNode(context, await client.changeAttributes(of, action, call));
    return 0;
  },
};

function changeCommand(action: "modify" | "update"): CommandSpec {
  return {
    options: [nodeOption, namespaceOption, ...bodyOptions],
    notes:
      'Body: {"attributes": {"rack": "r12", "old": null}} or [{"name": "rack", "value": "r12"}]; null takes one away.\n' +
      reserved,
    examples: [{ title: "a rack", body: { attributes: { rack: "r12" } } }],
    run: async (context, flags) => {
      const of = { nodeId: flags.need("nodeId"), namespace: flags.need("namespace") };
      const body = await readDocument(flags, context.world.stdin);
      const client = await context.client();
      const { signal } = context.world;
      await printNode(context, await client.changeAttributes(of, action, { body, signal }));
      return 0;
    },
  };
}
