import { SystemClock } from '../../core/index.js';
import { Mailer, outputHooks, Pings } from '../../observe/index.js';
import type { Clock, Hook, HookKind, JobHooks, JobPolicy } from '../../core/index.js';
import type { OutputHooks, OutputParts } from '../../observe/index.js';
import type { ResolvedModuleOptions } from '../options/index.js';

const NO_HOOKS: JobHooks = {};
const EFFECT_KINDS = ['before', 'after', 'onSuccess', 'onFailure'] as const satisfies readonly HookKind[];

/** Policies remembered by what they say; beyond that they are made anew. */
const REMEMBERED = 1_000;

/**
 * What surrounds a run because its policy says where output goes and what is pinged: files, mail, URLs. Files are open
 * before the first hook of the user may write, complete when one of them sees the outcome, and hold what those wrote, too,
 * when the run settles.
 */
export class RunEffects {
  private readonly pings: Pings;
  private readonly output: OutputParts;
  private readonly ofPolicies = new WeakMap<JobPolicy, OutputHooks>();
  private readonly ofTexts = new Map<string, OutputHooks>();
  /** By effects, then by hooks: what is composed of one object is composed once. */
  private readonly around = new WeakMap<OutputHooks, WeakMap<JobHooks, JobHooks>>();

  constructor({ mail, outputRoot }: Pick<ResolvedModuleOptions, 'mail' | 'outputRoot'>, clock: Clock) {
    this.pings = new Pings(clock, new SystemClock());
    this.output = {
      mailer: mail === null ? null : new Mailer(mail),
      root: outputRoot ?? process.cwd(),
      isConfined: outputRoot !== null,
    };
  }

  /** Loads what mail needs, so that a missing package is told at the start. @throws {MissingPackageError} */
  async open(): Promise<void> {
    await this.output.mailer?.open();
  }

  /** The job's hooks with those of its policy around them. */
  surround(hooks: JobHooks | null, policy: JobPolicy): JobHooks | null {
    // Rows of an older version lack both.
    const isPlain = (policy.output ?? null) === null && (policy.pings ?? null) === null;
    return isPlain ? hooks : this.joined(this.effectsOf(policy), hooks ?? NO_HOOKS);
  }

  /** Waits for pings on their way, and lets go of the mail server. */
  async close(): Promise<void> {
    await this.pings.close();
    await this.output.mailer?.close();
  }

  private joined(effects: OutputHooks, hooks: JobHooks): JobHooks {
    let known = this.around.get(effects);
    if (known === undefined) this.around.set(effects, (known = new WeakMap()));
    let joined = known.get(hooks);
    if (joined === undefined) known.set(hooks, (joined = surrounded(effects, hooks)));
    return joined;
  }

  private effectsOf(policy: JobPolicy): OutputHooks {
    const known = this.ofPolicies.get(policy);
    if (known !== undefined) return known;
    const text = JSON.stringify([policy.output, policy.pings]);
    let effects = this.ofTexts.get(text);
    if (effects === undefined) {
      if (this.ofTexts.size >= REMEMBERED) this.ofTexts.clear();
      this.ofTexts.set(text, (effects = this.make(policy)));
    }
    this.ofPolicies.set(policy, effects);
    return effects;
  }

  private make({ output, pings }: JobPolicy): OutputHooks {
    const { first, last } = outputHooks(output ?? {}, this.output);
    return { first: join(first, this.pings.hooks(pings ?? {})), last };
  }
}

function surrounded({ first, last }: OutputHooks, hooks: JobHooks): JobHooks {
  const joined = join(first, hooks);
  return { ...joined, after: [...(joined.after ?? []), ...last] };
}

/** Those of `outer` come first, before an attempt and after it. */
function join(outer: JobHooks, inner: JobHooks): JobHooks {
  const both = EFFECT_KINDS.map((kind): [HookKind, readonly Hook[]] => [
    kind,
    [...(outer[kind] ?? []), ...(inner[kind] ?? [])],
  ]);
  return { ...inner, ...Object.fromEntries(both) };
}
