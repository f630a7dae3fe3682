import { ModuleRef } from '@nestjs/core';
import { contextIdOf } from './context-id.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Awaitable, JobContext } from '../../core/index.js';

/** true: each attempt gets an instance of its own (request scope anywhere in its tree, or transient). */
export function isScoped(wrapper: InstanceWrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

/** Finds the instance that an attempt calls; at once for an ordinary provider, which has the same one for ever. */
export function instancesOf(wrapper: InstanceWrapper): (job: JobContext) => Awaitable<object> {
  let own: object | null = null;
  return (job) => {
    if (own !== null) return own;
    if (isScoped(wrapper)) return scopedInstance(wrapper, job);
    // Attempts begin when the application has its instances.
    return (own = wrapper.instance as object);
  };
}

function scopedInstance(wrapper: InstanceWrapper, job: JobContext): Promise<object> {
  // Several modules may provide the class, each with its own dependencies: its own module resolves it.
  const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance as ModuleRef;
  return moduleRef.resolve<object>(wrapper.token, contextIdOf(job, moduleRef), { strict: true });
}
