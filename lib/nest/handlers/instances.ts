import { ModuleRef } from '@nestjs/core';
import { contextIdOf } from './context-id.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Awaitable, JobContext } from '../../core/index.js';

/** true: each attempt gets an instance of its own (request scope anywhere in its tree, or transient). */
export function isScoped(wrapper: InstanceWrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

/** The instance that this attempt calls; at once for an ordinary provider. */
export function instanceFor(wrapper: InstanceWrapper, job: JobContext): Awaitable<object> {
  if (!isScoped(wrapper)) return wrapper.instance as object;
  // Several modules may provide the class, each with its own dependencies: its own module resolves it.
  const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance as ModuleRef;
  return moduleRef.resolve<object>(wrapper.token, contextIdOf(job, moduleRef), { strict: true });
}
