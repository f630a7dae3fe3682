import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { EVENT_TYPES } from '../../core/index.js';
import { isScoped } from '../handlers/index.js';
import { refuse } from '../options/index.js';
import { oneOf } from '../options/kinds.js';
import { SchedulerEvent } from './scheduler-event.js';
import type { Awaitable, SchedulerFact } from '../../core/index.js';
import type { EventBus } from '../../observe/index.js';
import type { EventChoice } from '../decorators/index.js';
import type { DecoratedMethod, Host } from '../discovery/index.js';
import type { OptionFault } from '../options/index.js';
import type { JobReading } from '../registry/job.js';

type Method = (event: SchedulerEvent) => unknown;

const EVENT = oneOf('*', ...EVENT_TYPES);

/**
 * Calls methods with `@OnSchedulerEvent` for the events they chose; a method with several decorators once for each.
 *
 * @throws {InvalidOptionsError} for an event that there is not
 */
export function subscribe(
  methods: readonly DecoratedMethod<EventChoice>[],
  bus: Pick<EventBus, 'on'>,
  parts: JobReading,
): void {
  refuse(methods.flatMap(unknownEvents));
  for (const { host, method, notes } of methods) {
    const instanceFor = instancesOf(host);
    const listener = (fact: SchedulerFact) => call(instanceFor(), method, new SchedulerEvent(fact, parts));
    for (const types of notes) {
      for (const type of typeof types === 'string' ? [types] : types) bus.on(type, listener);
    }
  }
}

function unknownEvents({ type, method, notes }: DecoratedMethod<EventChoice>): OptionFault[] {
  const place = `${type.name}.${method} (@OnSchedulerEvent)`;
  const given = notes.flatMap((types: unknown) => (Array.isArray(types) ? (types as unknown[]) : [types]));
  return given.flatMap((event) => EVENT.check(event, 'types')).map((problem) => ({ place, ...problem }));
}

function call(instance: Awaitable<object>, method: string, event: SchedulerEvent): unknown {
  return instance instanceof Promise
    ? instance.then((it: object) => invoke(it, method, event))
    : invoke(instance, method, event);
}

/** The instance that is told: of an ordinary provider always the same one, else a new one for each event. */
function instancesOf({ wrapper }: Host): () => Awaitable<object> {
  let own: object | null = null;
  return () => {
    if (own !== null) return own;
    if (!isScoped(wrapper)) return (own = wrapper.instance as object);
    const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance as ModuleRef;
    return moduleRef.resolve<object>(wrapper.token, ContextIdFactory.create(), { strict: true });
  };
}

function invoke(instance: object, method: string, event: SchedulerEvent): unknown {
  return (instance as Record<string, Method>)[method](event);
}
