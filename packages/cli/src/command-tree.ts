import type { CommandGroup } from "./command.ts";
import { managementTree } from "./management-tree.ts";
import { budgetsGroup, exceptionsGroup, jobControlLeaves } from "./scheduler-tree.ts";

/** Every command of the CLI, at the places of the original's trees. Help, completion and dispatch follow it. */
export const commandTree: CommandGroup = {
  name: "courier-cli",
  summary: "Run jobs on a fleet of nodes, and see what became of them.",
  children: [
    {
      name: "scheduler",
      summary: "define jobs",
      children: [
        {
          name: "jobs",
          summary: "add, change, start and look at jobs",
          children: [
            {
              name: "add-job",
              summary: "create a job from a template",
              load: async () => (await import("./commands/add-job.ts")).addJob,
            },
            {
              name: "validate",
              summary: "check a template offline, without creating anything",
              load: async () => (await import("./commands/validate-template.ts")).validateTemplate,
            },
            {
              name: "plan",
              summary: "show what a template would do now, without creating anything",
              load: async () => (await import("./commands/plan-job.ts")).planJob,
            },
            {
              name: "simulate",
              summary: "play a template's rollout many times on a virtual clock",
              load: async () => (await import("./commands/simulate-job.ts")).simulateJob,
            },
            {
              name: "get-job",
              summary: "show one job",
              load: async () => (await import("./commands/get-job.ts")).getJob,
            },
            {
              name: "explain",
              summary: "say why a job has no new instance now",
              load: async () => (await import("./commands/explain-job.ts")).explainJob,
            },
            {
              name: "list-jobs",
              summary: "list jobs, newest first",
              load: async () => (await import("./commands/list-jobs.ts")).listJobs,
            },
            ...jobControlLeaves,
          ],
        },
        exceptionsGroup,
        budgetsGroup,
      ],
    },
    {
      name: "state",
      summary: "see what jobs do",
      children: [
        {
          name: "instance",
          summary: "executions of jobs",
          children: [
            {
              name: "list-all",
              summary: "list instances, newest first",
              load: async () => (await import("./commands/list-instances.ts")).listInstances,
            },
            {
              name: "get-instance",
              summary: "show one instance with its groups",
              load: async () => (await import("./commands/get-instance.ts")).getInstance,
            },
            {
              name: "list-instance-runs",
              summary: "list the runs of an instance, one per node",
              load: async () => (await import("./commands/list-instance-runs.ts")).listInstanceRuns,
            },
            {
              name: "cancel",
              summary: "stop an instance",
              load: async () => (await import("./commands/cancel-instance.ts")).cancelInstance,
            },
            {
              name: "pause",
              summary: "dispatch nothing more for now; what runs finishes",
              load: async () => (await import("./commands/pause-instance.ts")).pauseInstance,
            },
            {
              name: "resume",
              summary: "let a paused instance go on",
              load: async () => (await import("./commands/resume-instance.ts")).resumeInstance,
            },
            {
              name: "rerun",
              summary: "execute runs of an ended instance again, by outcome",
              load: async () => (await import("./commands/rerun-instance.ts")).rerunInstance,
            },
            {
              name: "explain",
              summary: "say why an instance does not move, or why it ended so",
              load: async () => (await import("./commands/explain-instance.ts")).explainInstance,
            },
            {
              name: "watch",
              summary: "follow an instance until it ends",
              load: async () => (await import("./commands/watch-instance.ts")).watchInstance,
            },
          ],
        },
        {
          name: "run",
          summary: "what one node does for an instance",
          children: [
            {
              name: "get-run",
              summary: "show one run",
              load: async () => (await import("./commands/get-run.ts")).getRun,
            },
            {
              name: "list-steps",
              summary: "list the steps of a run",
              load: async () => (await import("./commands/list-steps.ts")).listSteps,
            },
            {
              name: "logs",
              summary: "print what the steps of a run wrote",
              load: async () => (await import("./commands/run-logs.ts")).runLogs,
            },
            {
              name: "get-step-attempt-evidence",
              summary: "save what an attempt of a step wrote and left",
              load: async () => (await import("./commands/get-evidence.ts")).getEvidence,
            },
            {
              name: "cancel",
              summary: "stop a run",
              load: async () => (await import("./commands/cancel-run.ts")).cancelRun,
            },
            {
              name: "retry",
              summary: "execute a run that has ended again",
              load: async () => (await import("./commands/retry-run.ts")).retryRun,
            },
          ],
        },
      ],
    },
    managementTree,
    {
      name: "enrollment",
      summary: "admit nodes",
      children: [
        {
          name: "create-key",
          summary: "create a key with which nodes enrol",
          load: async () => (await import("./commands/create-enrollment-key.ts")).createKey,
        },
      ],
    },
    {
      name: "status",
      summary: "how far the enrolment of nodes is",
      children: [
        {
          name: "get-status",
          summary: "show how far a node's enrolment is",
          load: async () => (await import("./commands/get-enrollment-status.ts")).getStatus,
        },
      ],
    },
    {
      name: "user-account",
      summary: "who may use the service",
      children: [
        {
          name: "self",
          summary: "API tokens",
          children: [
            {
              name: "create-token",
              summary: "create an API token",
              load: async () => (await import("./commands/token-commands.ts")).createToken,
            },
            {
              name: "list-tokens",
              summary: "list API tokens, newest first",
              load: async () => (await import("./commands/token-commands.ts")).listTokens,
            },
            {
              name: "delete-token",
              summary: "make an API token useless",
              load: async () => (await import("./commands/token-commands.ts")).deleteToken,
            },
          ],
        },
      ],
    },
    {
      name: "register-device",
      summary: "store a service's URL and token as a profile",
      load: async () => (await import("./commands/register-device.ts")).registerDevice,
    },
    {
      name: "deregister-device",
      summary: "remove a profile from this machine",
      load: async () => (await import("./commands/deregister-device.ts")).deregisterDevice,
    },
    {
      name: "list-profile-names",
      summary: "list the stored profiles",
      load: async () => (await import("./commands/list-profile-names.ts")).listProfileNames,
    },
    {
      name: "get-default-profile",
      summary: "show which profile is used when none is named",
      load: async () => (await import("./commands/get-default-profile.ts")).getDefaultProfile,
    },
    {
      name: "set-default-profile",
      summary: "choose the profile to use when none is named",
      load: async () => (await import("./commands/set-default-profile.ts")).setDefaultProfile,
    },
    {
      name: "completion",
      summary: "print a completion script for a shell",
      children: [
        {
          name: "bash",
          summary: "for bash",
          load: async () => (await import("./commands/print-completion.ts")).printBashCompletion,
        },
        {
          name: "zsh",
          summary: "for zsh",
          load: async () => (await import("./commands/print-completion.ts")).printZshCompletion,
        },
        {
          name: "fish",
          summary: "for fish",
          load: async () => (await import("./commands/print-completion.ts")).printFishCompletion,
        },
        {
          name: "powershell",
          summary: "for PowerShell",
          load: async () =>
            (await import("./commands/print-completion.ts")).printPowershellCompletion,
        },
      ],
    },
    {
      name: "version",
      summary: "show the version of this CLI",
      load: async () => (await import("./commands/show-version.ts")).showVersion,
    },
  ],
};
