import { instancesOf } from './instances.js';
import { MissingMethodError } from './missing-method-error.js';
import { isObservable } from './observable.js';
import type { JobContext } from '../../core/index.js';
import type { Host } from '../discovery/index.js';

/**
 * Calls a method without arguments and without the enhancers around it, as a plain timer would: for decorators of
 * another package, whose methods expect nothing else.
 */
export function bareCall(host: Host, method: string, task: string): (context: JobContext) => unknown {
  const invoke = (instance: object): unknown => {
    const found = (instance as Record<string, unknown>)[method];
    if (typeof found !== 'function') throw new MissingMethodError(task, host.moduleName, method);
    const result: unknown = found.call(instance);
    return isObservable(result) ? undefined : result;
  };
  const instanceFor = instancesOf(host.wrapper);
  return (context) => {
    const instance = instanceFor(context);
    return instance instanceof Promise ? instance.then(invoke) : invoke(instance);
  };
}
