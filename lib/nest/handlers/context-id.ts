import { ContextIdFactory } from '@nestjs/core';
import type { ContextId, ModuleRef } from '@nestjs/core';
import type { JobContext } from '../../core/index.js';

// Weak: the instances of a run hang on this key and go with it.
const contextIds = new WeakMap<JobContext, ContextId>();

/**
 * The injection context of one attempt: handler, conditions and hooks share their request-scoped instances, `REQUEST`
 * is the `JobContext`, and a strategy for durable providers sees it as the request.
 */
export function contextIdOf(job: JobContext, moduleRef: ModuleRef): ContextId {
  const known = contextIds.get(job);
  if (known !== undefined) return known;
  const contextId = ContextIdFactory.getByRequest(job);
  moduleRef.registerRequestByContextId(contextId.payload ?? job, contextId);
  contextIds.set(job, contextId);
  return contextId;
}
