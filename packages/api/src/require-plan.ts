import { counted, CourierError, findDrift, type ErrorDetail, type PlanMemory } from "@courier/core";
import { findPlannedNodes, resolveTargets, type Db } from "@courier/store";
import { detailsOf, type CheckedTemplate } from "./checked-template.ts";
import { comparePlanHashes, hashPlan } from "./plan-hash.ts";
import type { RecentPlans } from "./recent-plans.ts";

/**
 * Resolves the targets in this transaction and throws PLAN_DRIFTED, saying what is different, unless template and targets
 * are those of the plan; returns the node ids of each group.
 */
export async function requirePlan(
  tx: Db,
  template: CheckedTemplate,
  asked: { readonly hash: string; readonly plans: RecentPlans },
): Promise<string[][]> {
  const { job } = template;
  const targets = await resolveTargets(tx, job.target.groups);
  const present = hashPlan({ job, targets });
  if (present === asked.hash) return targets;
  const { hasTemplateChanged, haveTargetsChanged } = comparePlanHashes(asked.hash, present);
  const what = [
    ...(hasTemplateChanged ? ["the template"] : []),
    ...(haveTargetsChanged ? ["the targets"] : []),
  ].join(" and ");
  const planned = asked.plans.get(asked.hash);
  const details =
    planned === undefined
      ? forgotten({ job, targets }, { hasTemplateChanged, haveTargetsChanged })
      : await describeDrift(tx, planned, { job, targets });
  throw new CourierError("PLAN_DRIFTED", `${what} drifted from plan ${asked.hash}`, {
    details: detailsOf(await template.locate(details)),
  });
}

async function describeDrift(
  tx: Db,
  planned: PlanMemory,
  present: PlanMemory,
): Promise<readonly ErrorDetail[]> {
  const changed = present.targets.flatMap((nodeIds, index) => {
    const [before, now] = [new Set(planned.targets[index]), new Set(nodeIds)];
    return [...before, ...now].filter((id) => before.has(id) !== now.has(id));
  });
  const nodes = await findPlannedNodes(tx, [...new Set(changed)]);
  return findDrift(planned, present, (id) => nodes.get(id)?.name ?? id);
}

/** What can be said without the plan itself. */
function forgotten(
  { targets }: PlanMemory,
  { hasTemplateChanged, haveTargetsChanged }: ReturnType<typeof comparePlanHashes>,
): readonly ErrorDetail[] {
  const unknown =
    "what exactly was planned is not known any more (a service remembers its last plans until it is restarted): compare the saved plan with a new one";
  return [
    ...(hasTemplateChanged
      ? [{ pointer: "", message: `the template is another one; ${unknown}` }]
      : []),
    ...targets.flatMap((nodeIds, index) =>
      haveTargetsChanged
        ? [
            {
              pointer: `/target/groups/${index}`,
              message: `stands for ${counted(nodeIds.length, "node")} now, which may be others than were planned; ${unknown}`,
            },
          ]
        : [],
    ),
  ];
}
