import type { CanonicalStep } from "@courier/schema";
import { attemptName, cookieOf, type AttemptKey } from "./run-directory.ts";
import type { Account } from "./account.ts";

/** What a step may see of the agent's own environment: where it is, not what the agent was told. */
const inherited = ["PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM"] as const;

const pathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment of one attempt: a few variables of the agent, the user's, the step's variables and inputs, and ours (which win). */
export function stepEnvironment(options: {
  readonly agentEnvironment: Readonly<Record<string, string | undefined>>;
  readonly account: Account;
  readonly inputs: CanonicalStep["inputs"];
  readonly key: AttemptKey;
  readonly instanceId: string;
  /** The step's variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the interpreter asks for. */
  readonly interpreterEnvironment?: Readonly<Record<string, string>> | undefined;
  /** What the step leaves there is kept as evidence. */
  readonly artifactsDirectory: string;
}): Record<string, string> {
  const { key } = options;
  const cookie = cookieOf(attemptName(key));
  return {
    ...accountEnvironment(options),
    ...options.variables,
    ...environmentInputs(options.inputs),
    ...options.interpreterEnvironment,
    COURIER_RUN_ID: key.runId,
    COURIER_INSTANCE_ID: options.instanceId,
    COURIER_STEP_NUMBER: `${key.stepNumber}`,
    COURIER_ATTEMPT: `${key.attempt}`,
    COURIER_ARTIFACTS: options.artifactsDirectory,
    [cookie.name]: cookie.value,
  };
}

/** The part that is the same for all attempts of an account. */
export function accountEnvironment({
  agentEnvironment,
  account,
}: {
  readonly agentEnvironment: Readonly<Record<string, string | undefined>>;
  readonly account: Account;
}): Record<string, string> {
  return {
    PATH: pathDefault,
    ...inheritedFrom(agentEnvironment),
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
  };
}

function inheritedFrom(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && (inherited.some((known) => known === name) || name.startsWith("LC_"))
        ? [[name, value]]
        : [],
    ),
  );
}

/** `inputs: {"env.NAME": value}`. */
function environmentInputs(inputs: CanonicalStep["inputs"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) =>
      name.startsWith("env.") ? [[name.slice("env.".length), String(value)]] : [],
    ),
  );
}
