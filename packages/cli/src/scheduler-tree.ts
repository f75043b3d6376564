import type { CommandGroup, CommandLeaf } from "./command.ts";

/** `scheduler jobs …` beyond adding jobs and looking at them. */
export const jobControlLeaves: readonly CommandLeaf[] = [
  {
    name: "get-head",
    summary: "show whether a job exists, and its version",
    load: async () => (await import("./commands/scheduler/get-head.ts")).getHead,
  },
  {
    name: "update-job",
    summary: "replace a job's template",
    load: async () => (await import("./commands/scheduler/update-job.ts")).updateJob,
  },
  {
    name: "activate",
    summary: "let an inactive job go on",
    load: async () => (await import("./commands/scheduler/change-job.ts")).activateJob,
  },
  {
    name: "deactivate",
    summary: "let a job start nothing more for now",
    load: async () => (await import("./commands/scheduler/change-job.ts")).deactivateJob,
  },
  {
    name: "cancel-job",
    summary: "stop the future instances of a job",
    load: async () => (await import("./commands/scheduler/change-job.ts")).cancelJob,
  },
  {
    name: "delete-job",
    summary: "delete a job",
    load: async () => (await import("./commands/scheduler/change-job.ts")).deleteJob,
  },
  {
    name: "create-manual-job",
    summary: "start an instance of a job now",
    load: async () => (await import("./commands/scheduler/start-job.ts")).startJob,
  },
  {
    name: "activated-job",
    summary: "the same as create-manual-job",
    load: async () => (await import("./commands/scheduler/start-job.ts")).startJob,
  },
  {
    name: "estimate-run-times",
    summary: "list the next times at which a job runs",
    load: async () => (await import("./commands/scheduler/job-times.ts")).estimateRunTimes,
  },
  {
    name: "get-pastDueJobs",
    summary: "list jobs that were due and have not started",
    load: async () => (await import("./commands/scheduler/job-times.ts")).listPastDueJobs,
  },
  {
    name: "list-missed",
    summary: "list occurrences that came and were not executed",
    load: async () => (await import("./commands/scheduler/job-times.ts")).listMissedOccurrences,
  },
];

/** `scheduler exceptions …` */
export const exceptionsGroup: CommandGroup = {
  name: "exceptions",
  summary: "windows in which no job starts, such as change freezes",
  children: [
    {
      name: "add-rule",
      summary: "add a global exception",
      load: async () => (await import("./commands/scheduler/exception-rules.ts")).addRule,
    },
    {
      name: "get-rule",
      summary: "show one global exception",
      load: async () => (await import("./commands/scheduler/exception-rules.ts")).getRule,
    },
    {
      name: "list-rules",
      summary: "list global exceptions, newest first",
      load: async () => (await import("./commands/scheduler/exception-rules.ts")).listRules,
    },
    {
      name: "update-rule",
      summary: "change a global exception",
      load: async () => (await import("./commands/scheduler/exception-rules.ts")).updateRule,
    },
    {
      name: "delete-rule",
      summary: "delete a global exception",
      load: async () => (await import("./commands/scheduler/exception-rules.ts")).deleteRule,
    },
  ],
};

/** `scheduler budgets …` */
export const budgetsGroup: CommandGroup = {
  name: "budgets",
  summary: "how many of some nodes may be under change at once, whatever jobs there are",
  children: [
    {
      name: "add-budget",
      summary: "add a disruption budget",
      load: async () => (await import("./commands/scheduler/budget-commands.ts")).addBudget,
    },
    {
      name: "get-budget",
      summary: "show one disruption budget, and how much of it is used",
      load: async () => (await import("./commands/scheduler/budget-commands.ts")).getBudget,
    },
    {
      name: "list-budgets",
      summary: "list disruption budgets, newest first",
      load: async () => (await import("./commands/scheduler/budget-commands.ts")).listBudgets,
    },
    {
      name: "update-budget",
      summary: "change a disruption budget",
      load: async () => (await import("./commands/scheduler/budget-commands.ts")).updateBudget,
    },
    {
      name: "delete-budget",
      summary: "delete a disruption budget",
      load: async () => (await import("./commands/scheduler/budget-commands.ts")).deleteBudget,
    },
  ],
};
