import type { GlobalException } from "@courier/schema";

import { pageOptions, type CommandSpec, type OptionSpec } from "../../command.ts";
import type { Column } from "../../render/table.ts";
import { noteWarnings } from "../../render/warnings.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import { readPageQuery } from "../../usage/page-query.ts";

const ruleOption: OptionSpec = {
  flag: "--ruleId <ID>",
  summary: "the rule's id or name",
  aliases: ["exceptionId"],
  isRequired: true,
};

const examples = [
  {
    title: "two hours every Friday evening",
    body: {
      name: "friday evening",
      description: "nobody is there to look",
      rrule: "RRULE:FREQ=WEEKLY;BYDAY=FR;BYHOUR=18;BYMINUTE=0;BYSECOND=0",
      duration: 120,
      timeZone: "Europe/Berlin",
    },
  },
];

const bodyNote =
  'Body: {"name": "holidays", "description": "why", "rrule": "RRULE:…", "duration": MINUTES, "timeZone": "Europe/Berlin"};\n' +
  "rrule and duration are required. A window opens at each occurrence of the rule; no job starts in it.";

/** `scheduler exceptions add-rule` */
export const addRule: CommandSpec = {
  options: bodyOptions,
  notes: bodyNote,
  examples,
  run: async (context, flags) => {
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    const answer = await client.addExceptionRule({ body, signal });
    await context.printItem(answer, ruleRows);
    await noteWarnings(context, answer.warnings ?? []);
    return 0;
  },
};

/** `scheduler exceptions get-rule` */
export const getRule: CommandSpec = {
  options: [ruleOption],
  run: async (context, flags) => {
    const ruleId = flags.need("ruleId");
    const client = await context.client();
    await context.printItem(await client.getExceptionRule(ruleId, context.world), ruleRows);
    return 0;
  },
};

/** `scheduler exceptions list-rules` */
export const listRules: CommandSpec = {
  options: pageOptions,
  run: async (context, flags) => {
    const query = readPageQuery(flags);
    const client = await context.client();
    await context.printList(await client.listExceptionRules(query, context.world), ruleColumns);
    return 0;
  },
};

/** `scheduler exceptions update-rule` */
export const updateRule: CommandSpec = {
  options: [ruleOption, ...bodyOptions],
  notes: `${bodyNote}\nName, description and time zone stay when they are left out.`,
  examples,
  run: async (context, flags) => {
    const ruleId = flags.need("ruleId");
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    const answer = await client.updateExceptionRule(ruleId, { body, signal });
    await context.printItem(answer, ruleRows);
    await noteWarnings(context, answer.warnings ?? []);
    return 0;
  },
};

/** `scheduler exceptions delete-rule` */
export const deleteRule: CommandSpec = {
  options: [ruleOption],
  run: async (context, flags) => {
    const ruleId = flags.need("ruleId");
    const client = await context.client();
    await context.printItem(await client.deleteExceptionRule(ruleId, context.world), ruleRows);
    return 0;
  },
};

const ruleColumns: readonly Column<GlobalException>[] = [
  { header: "id", value: (rule) => rule.id },
  { header: "name", value: (rule) => rule.name, isShrinkable: true },
  { header: "rule", value: (rule) => rule.rrule, isShrinkable: true },
  { header: "minutes", value: (rule) => rule.duration, isNumber: true },
  { header: "zone", value: (rule) => rule.timeZone },
];

const ruleRows: readonly Column<GlobalException>[] = [
  ...ruleColumns,
  { header: "description", value: (rule) => rule.description },
  { header: "created", value: (rule) => rule.createdAt },
  { header: "updated", value: (rule) => rule.updatedAt },
];
