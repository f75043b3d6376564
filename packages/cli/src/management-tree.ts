import type { CommandGroup } from "./command.ts";

/** `management …`: nodes, and what targets name instead of them. */
export const managementTree: CommandGroup = {
  name: "management",
  summary: "look at nodes, tag them and group them",
  children: [
    {
      name: "node",
      summary: "the nodes of the fleet",
      children: [
        {
          name: "find-all-nodes",
          summary: "list nodes",
          load: async () => (await import("./commands/management/find-all-nodes.ts")).findAllNodes,
        },
        {
          name: "find-one-node",
          summary: "show one node",
          load: async () => (await import("./commands/management/find-one-node.ts")).findOneNode,
        },
        {
          name: "modify-tags",
          summary: "change some tags of a node",
          load: async () => (await import("./commands/management/node-changes.ts")).modifyTags,
        },
        {
          name: "update-tags",
          summary: "replace all tags that users attached to a node",
          load: async () => (await import("./commands/management/node-changes.ts")).updateTags,
        },
        {
          name: "delete-tags",
          summary: "take tags away that users attached to a node",
          load: async () => (await import("./commands/management/node-changes.ts")).deleteTags,
        },
        {
          name: "modify-attributes",
          summary: "change some attributes of a namespace on a node",
          load: async () =>
            (await import("./commands/management/attribute-commands.ts")).modifyAttributes,
        },
        {
          name: "update-attributes",
          summary: "replace all attributes of a namespace on a node",
          load: async () =>
            (await import("./commands/management/attribute-commands.ts")).updateAttributes,
        },
        {
          name: "delete-attributes",
          summary: "take attributes away that users attached to a node",
          load: async () =>
            (await import("./commands/management/attribute-commands.ts")).deleteAttributes,
        },
        {
          name: "approve-node",
          summary: "let an admitted node connect and get runs",
          load: async () =>
            (await import("./commands/management/approval-commands.ts")).approveNode,
        },
        {
          name: "approve-nodes",
          summary: "let several admitted nodes connect and get runs",
          load: async () =>
            (await import("./commands/management/approval-commands.ts")).approveNodes,
        },
        {
          name: "assign-cohort",
          summary: "take a node out of its cohorts and put it into another",
          load: async () =>
            (await import("./commands/management/approval-commands.ts")).assignCohort,
        },
        {
          name: "bulk-node-details",
          summary: "show several nodes by id or name",
          load: async () =>
            (await import("./commands/management/approval-commands.ts")).bulkNodeDetails,
        },
        {
          name: "get-archive-status",
          summary: "say whether a node is archived",
          load: async () =>
            (await import("./commands/management/approval-commands.ts")).getArchiveStatus,
        },
        {
          name: "archive-node",
          summary: "leave a node out of lists and targets",
          load: async () => (await import("./commands/management/node-changes.ts")).archiveNode,
        },
        {
          name: "unarchive-node",
          summary: "take an archived node back",
          load: async () => (await import("./commands/management/node-changes.ts")).unarchiveNode,
        },
      ],
    },
    {
      name: "filter",
      summary: "descriptions of nodes, saved under a name",
      children: [
        {
          name: "create-filter",
          summary: "save a filter",
          load: async () => (await import("./commands/management/filter-commands.ts")).createFilter,
        },
        {
          name: "find-one-filter",
          summary: "show one filter",
          load: async () =>
            (await import("./commands/management/filter-commands.ts")).findOneFilter,
        },
        {
          name: "find-all-filters",
          summary: "list filters, newest first",
          load: async () =>
            (await import("./commands/management/filter-commands.ts")).findAllFilters,
        },
        {
          name: "run-adhocFilter",
          summary: "list the nodes that a filter describes now",
          load: async () =>
            (await import("./commands/management/filter-commands.ts")).runAdhocFilter,
        },
        {
          name: "run-savedFilter",
          summary: "list the nodes that a saved filter describes now",
          load: async () =>
            (await import("./commands/management/filter-commands.ts")).runSavedFilter,
        },
        {
          name: "update-filter",
          summary: "replace a filter's constraints",
          load: async () => (await import("./commands/management/filter-commands.ts")).updateFilter,
        },
        {
          name: "delete-filter",
          summary: "delete a filter",
          load: async () => (await import("./commands/management/filter-commands.ts")).deleteFilter,
        },
      ],
    },
    {
      name: "list",
      summary: "lists of nodes, saved under a name",
      children: [
        {
          name: "create-list",
          summary: "save a list",
          load: async () => (await import("./commands/management/list-commands.ts")).createList,
        },
        {
          name: "find-one-list",
          summary: "show one list with its nodes",
          load: async () => (await import("./commands/management/list-commands.ts")).findOneList,
        },
        {
          name: "find-all-lists",
          summary: "list lists, newest first",
          load: async () => (await import("./commands/management/list-commands.ts")).findAllLists,
        },
        {
          name: "add-nodes",
          summary: "add nodes to a list",
          load: async () => (await import("./commands/management/list-commands.ts")).addListNodes,
        },
        {
          name: "remove-nodes",
          summary: "remove nodes from a list",
          load: async () =>
            (await import("./commands/management/list-commands.ts")).removeListNodes,
        },
        {
          name: "modify-nodes",
          summary: "replace the nodes of a list",
          load: async () =>
            (await import("./commands/management/list-commands.ts")).modifyListNodes,
        },
        {
          name: "delete-list",
          summary: "delete a list",
          load: async () => (await import("./commands/management/list-commands.ts")).deleteList,
        },
      ],
    },
    {
      name: "cohort",
      summary: "groups of nodes",
      children: [
        {
          name: "create-cohort",
          summary: "create a cohort",
          load: async () => (await import("./commands/management/cohort-commands.ts")).createCohort,
        },
        {
          name: "find-one-cohort",
          summary: "show one cohort with its nodes",
          load: async () =>
            (await import("./commands/management/cohort-commands.ts")).findOneCohort,
        },
        {
          name: "find-all-cohorts",
          summary: "list cohorts, newest first",
          load: async () =>
            (await import("./commands/management/cohort-commands.ts")).findAllCohorts,
        },
        {
          name: "add-nodes",
          summary: "add nodes to a cohort",
          load: async () =>
            (await import("./commands/management/cohort-commands.ts")).addCohortNodes,
        },
        {
          name: "remove-nodes",
          summary: "remove nodes from a cohort",
          load: async () =>
            (await import("./commands/management/cohort-commands.ts")).removeCohortNodes,
        },
        {
          name: "update-cohort",
          summary: "change a cohort's name, description or approval",
          load: async () => (await import("./commands/management/cohort-commands.ts")).updateCohort,
        },
        {
          name: "delete-cohort",
          summary: "delete a cohort",
          load: async () => (await import("./commands/management/cohort-commands.ts")).deleteCohort,
        },
      ],
    },
  ],
};
