import { SkipRunSignal } from '../../engine/index.js';
import { contextIdOf } from './context-id.js';
import { instancesOf, isScoped } from './instances.js';
import { MissingMethodError } from './missing-method-error.js';
import { isObservable, lastValueOf } from './observable.js';
import type { ModuleRef } from '@nestjs/core';
import type { JobContext, JsonValue, TaskHandler } from '../../core/index.js';
import type { Host } from '../discovery/index.js';
import type { EnhancedCall, EnhancedCalls } from './enhanced-calls.js';

type Method = (...args: unknown[]) => unknown;

/** How methods of providers are called for a run: with their arguments, the context, and what surrounds them. */
export class MethodCalls {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly enhancers: EnhancedCalls,
  ) {}

  /** A plain method of an ordinary provider is called at once, without a promise in between. */
  handlerOf(host: Host, task: string, method: string): TaskHandler {
    const target = { host, task, method };
    return isScoped(host.wrapper) ? this.scopedHandler(target) : this.staticHandler(target);
  }

  private staticHandler(target: Target): TaskHandler {
    const enhanced = new Map<Method, TaskHandler | null>();
    const instanceFor = instancesOf(target.host.wrapper);
    return (args, job) => {
      const instance = instanceFor(job) as object;
      // Looked up for each run: a test may have replaced it meanwhile.
      const method = methodOf(instance, target);
      let call = enhanced.get(method);
      if (call === undefined) {
        call = this.surround(instance, target.method, null);
        enhanced.set(method, call);
      }
      return call === null ? invoke(instance, method, args, job) : this.undenied(call, args, job);
    };
  }

  private scopedHandler(target: Target): TaskHandler {
    const { wrapper } = target.host;
    const instanceFor = instancesOf(wrapper);
    return async (args, job) => {
      const instance = await instanceFor(job);
      const scope = { contextId: contextIdOf(job, this.moduleRef), inquirerId: wrapper.id };
      const call = this.surround(instance, target.method, scope);
      if (call !== null) return this.undenied(call, args, job);
      return invoke(instance, methodOf(instance, target), args, job);
    };
  }

  private surround(instance: object, name: string, scope: EnhancedCall['scope']): TaskHandler | null {
    return this.enhancers.isNeeded(instance, name) ? this.enhancers.build({ instance, name, scope }) : null;
  }

  private async undenied(call: TaskHandler, args: readonly JsonValue[], job: JobContext): Promise<unknown> {
    try {
      return await call(args, job);
    } catch (error) {
      const denial = this.enhancers.denialOf(error);
      if (denial === null) throw error;
      throw new SkipRunSignal('denied', `${denial.guards.join(', ')}: ${denial.error.message}`);
    }
  }
}

interface Target {
  readonly host: Host;
  readonly task: string;
  readonly method: string;
}

function methodOf(instance: object, { host, task, method }: Target): Method {
  const found = (instance as Record<string, unknown> | null | undefined)?.[method];
  if (typeof found !== 'function') throw new MissingMethodError(task, host.moduleName, method);
  return found as Method;
}

function invoke(instance: object, method: Method, args: readonly JsonValue[], job: JobContext): unknown {
  const result = args.length === 0 ? method.call(instance, job) : method.apply(instance, [...args, job]);
  return isObservable(result) ? lastValueOf(result, job) : result;
}
