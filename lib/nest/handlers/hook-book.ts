import { instanceFor } from './instances.js';
import { isMethodReference } from '../options/index.js';
import { UnknownHookError } from './unknown-hook-error.js';
import type { ModuleRef } from '@nestjs/core';
import type { Awaitable, Hook, HookKind, JobContext, JobHooks, JobRecord } from '../../core/index.js';
import type { Host, Providers } from '../discovery/index.js';
import type { HookReference, MethodReference } from '../options/index.js';
import type { JobFunctions } from '../registry/job-functions.js';

type HookNames = Partial<Record<HookKind, readonly string[]>>;
type Method = (job: JobContext, outcome: unknown) => unknown;

/**
 * Conditions and hooks with their dependencies injected: of jobs that code defines by the job's id, of those added at run
 * time by the names in their row.
 */
export class HookBook {
  private readonly ofCode = new Map<string, JobHooks>();
  private readonly ofNames = new Map<string, JobHooks>();

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

  /** Hooks of a job that code defines. */
  keep(jobId: string, hooks: JobHooks): void {
    this.ofCode.set(jobId, hooks);
  }

  of(job: JobRecord): JobHooks | null {
    const known = job.origin === 'code' ? this.ofCode.get(job.id) : undefined;
    if (known !== undefined) return known;
    return job.hooks === null ? null : this.named(job.hooks, `Job "${job.id}"`);
  }

  private named(names: HookNames, place: string): JobHooks {
    const key = JSON.stringify(names);
    const known = this.ofNames.get(key);
    if (known !== undefined) return known;
    const kinds = Object.entries(names) as [HookKind, readonly string[]][];
    const hooks = Object.fromEntries(
      kinds.map(([kind, list]) => [kind, list.map((name) => this.byName(name, place))]),
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

function methodHook(name: string, host: Host, method: string): Hook {
  const call = (instance: object, job: JobContext, outcome: unknown) =>
    (instance as Record<string, Method>)[method](job, outcome);
  return {
    name,
    call(job, outcome) {
      const instance: Awaitable<object> = instanceFor(host.wrapper, job);
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
