import type { ErrorDetail } from "@courier/core";

import type { CommandSpec } from "../command.ts";
import { noteWarnings } from "../render/warnings.ts";
import { templateOptions, readBody } from "../template/read-body.ts";

/** `scheduler jobs validate` */
export const validateTemplate: CommandSpec = {
  options: templateOptions,
  notes:
    "Needs no service and no profile. Exit code 0: valid; 2: not valid, with every problem and its place.\n" +
    "Warnings name what is odd, and what is valid but not executed by services of this version.",
  run: async (context, flags) => {
    const body = await readBody(flags, context.world.stdin);
    // Loaded late: the validator is the heaviest module of the CLI.
    const { checkTemplate } = await import("../template/check-template.ts");
    const checked = await checkTemplate(body, Date.now());
    const remarks: readonly ErrorDetail[] = [...checked.warnings, ...checked.unsupported];
    await context.printItem({ item: { valid: true, problems: [], warnings: remarks } }, [
      { header: "valid", value: ({ valid }) => valid },
      { header: "warnings", value: (item) => item.warnings.length },
    ]);
    if (context.format !== "table" && context.world.stderr.isTTY !== true) return 0;
    await noteWarnings(context, remarks, body.file);
    return 0;
  },
};
