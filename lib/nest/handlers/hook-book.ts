import { HOOK_KINDS } from '../../core/index.js';
import { instancesOf } from './instances.js';
import { isMethodReference } from '../options/index.js';
import { UnknownHookError } from './unknown-hook-error.js';
import type { ModuleRef } from '@nestjs/core';
import type { Awaitable, Hook, HookKind, JobContext, JobDefinition, JobHooks, JobRecord } from '../../core/index.js';
import type { Host, Providers } from '../discovery/index.js';
import type { HookReference, MethodReference } from '../options/index.js';
import type { JobFunctions } from '../registry/job-functions.js';

type HookNames = Partial<Record<HookKind, readonly string[]>>;
type Method = (job: JobContext, outcome: unknown) => unknown;

const NONE: HookNames = Object.freeze({});

interface KeptHooks {
  readonly hooks: JobHooks;
  readonly names: HookNames;
  /** Names as they were in the row of the latest run. */
  seen: { readonly names: HookNames; readonly hooks: JobHooks } | null;
  /** As the row was last seen to differ; one object, so that what is composed of it is composed once. */
  changed: { readonly key: string; readonly hooks: JobHooks } | null;
}

/**
 * Conditions and hooks with their dependencies injected: of jobs that code defines by the job's id, of those added at run
 * time by the names in their row.
 */
export class HookBook {
  private readonly ofCode = new Map<string, KeptHooks>();
  private readonly ofNames = new Map<string, JobHooks>();
  /** The memory store hands out the same object each time: a look-up by text would cost more than the rest of a run. */
  private readonly ofObjects = new WeakMap<HookNames, JobHooks>();

  constructor(
    private readonly providers: Providers,
    /** Functions that memory jobs were added with. */
    private readonly functions: JobFunctions,
    /** What functions are given to find their dependencies. */
    private readonly injector: ModuleRef,
  ) {}

  /** @throws {UnknownHookError} when no provider has that class */
  bind(reference: HookReference, place: string): Hook {
    return isMethodReference(reference) ? this.bindMethod(reference, place) : this.bindFunction(reference);
  }

  /** Hooks of a job that code defines, and the names that its row has of them. */
  keep({ id, hooks, hookNames }: Pick<JobDefinition, 'id' | 'hooks' | 'hookNames'>): void {
    if (hooks !== null) this.ofCode.set(id, { hooks, names: hookNames ?? {}, seen: null, changed: null });
  }

  of(job: JobRecord): JobHooks | null {
    const kept = job.origin === 'code' ? this.ofCode.get(job.id) : undefined;
    if (kept !== undefined) return this.ofCodeJob(kept, job);
    return job.hooks === null ? null : (this.ofObjects.get(job.hooks) ?? this.named(job.hooks, job.id));
  }

  /** A kind of hooks that was changed at run time is the row's; the others are the code's, functions too. */
  private ofCodeJob(kept: KeptHooks, { id, hooks }: JobRecord): JobHooks {
    const names = hooks ?? NONE;
    // The same object as with the run before: nothing was changed since.
    if (kept.seen?.names === names) return kept.seen.hooks;
    const asNamed = this.asNamed(kept, names, id);
    kept.seen = { names, hooks: asNamed };
    return asNamed;
  }

  private asNamed(kept: KeptHooks, names: HookNames, jobId: string): JobHooks {
    const changed = HOOK_KINDS.filter((kind) => keyOf(names[kind]) !== keyOf(kept.names[kind]));
    if (changed.length === 0) return kept.hooks;
    const key = JSON.stringify(names);
    if (kept.changed?.key !== key) {
      const own = Object.fromEntries(
        changed.map((kind) => [kind, (names[kind] ?? []).map((name) => this.byName(name, placeOf(jobId)))]),
      );
      kept.changed = { key, hooks: { ...kept.hooks, ...own } };
    }
    return kept.changed.hooks;
  }

  private named(names: HookNames, jobId: string): JobHooks {
    const key = JSON.stringify(names);
    const known = this.ofNames.get(key);
    if (known !== undefined) {
      this.ofObjects.set(names, known);
      return known;
    }
    const kinds = Object.entries(names) as [HookKind, readonly string[]][];
    const hooks = Object.fromEntries(
      kinds.map(([kind, list]) => [kind, list.map((name) => this.byName(name, placeOf(jobId)))]),
    ) as JobHooks;
    // Names of functions are those of one job, which may go: only methods' names are few.
    if (!kinds.some(([, list]) => list.some((name) => this.functions.hook(name) !== null)))
      this.ofNames.set(key, hooks);
    return hooks;
  }

  private byName(name: string, place: string): Hook {
    const given = this.functions.hook(name);
    if (given !== null) return { name, call: (job, outcome) => given(job, this.injector, outcome) };
    const dot = name.indexOf('.');
    const found = this.providers.withMethod(name.slice(0, dot), name.slice(dot + 1));
    const [first, second] = found;
    if (first === undefined) return unknown(name, place, 'no provider of this process has it');
    if (second === undefined) return methodHook(name, first.host, name.slice(dot + 1));
    return unknown(name, place, `${first.host.moduleName} and ${second.host.moduleName} both have such a class`);
  }

  private bindMethod([type, method]: MethodReference, place: string): Hook {
    const name = `${type.name}.${method}`;
    const found = this.providers.of(type);
    if (found === null) throw new UnknownHookError(name, place, `no module provides ${type.name}`);
    return methodHook(name, found.host, method);
  }

  private bindFunction(given: Exclude<HookReference, MethodReference>): Hook {
    return { name: given.name || 'a function', call: (job, outcome) => given(job, this.injector, outcome) };
  }
}

function placeOf(jobId: string): string {
  return `Job "${jobId}"`;
}

function keyOf(names: readonly string[] | undefined): string {
  return (names ?? []).join('\n');
}

function methodHook(name: string, host: Host, method: string): Hook {
  const call = (instance: object | null | undefined, job: JobContext, outcome: unknown) => {
    const found = (instance as Record<string, unknown> | null | undefined)?.[method];
    if (typeof found === 'function') return (found as Method).call(instance, job, outcome);
    const problem = `what ${host.moduleName} provides in its place has no method ${method}`;
    throw new UnknownHookError(name, `Job "${job.jobId}"`, problem);
  };
  const instanceFor = instancesOf(host.wrapper);
  return {
    name,
    call(job, outcome) {
      const instance: Awaitable<object> = instanceFor(job);
      return instance instanceof Promise
        ? instance.then((it: object) => call(it, job, outcome))
        : call(instance, job, outcome);
    },
  };
}

function unknown(name: string, place: string, problem: string): Hook {
  return {
    name,
    call() {
      throw new UnknownHookError(name, place, problem);
    },
  };
}
