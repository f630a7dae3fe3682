import type { DiscoveryService } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- any class, abstract ones too
export type NamedClass = Function;

export function prototypeOf(type: NamedClass): object {
  return type.prototype as object;
}

/** A provider or controller whose methods can be tasks, conditions, hooks or listeners. */
export interface Host {
  /** Classes that stand for it: its token, where that is a class, then the class of its instance. */
  readonly types: readonly NamedClass[];
  readonly wrapper: InstanceWrapper;
  /** Name of the module that holds it. */
  readonly moduleName: string;
}

/** All providers and controllers of an application; aliases (`useExisting`) are left out, for they double another one. */
export function hostsOf(discovery: DiscoveryService): Host[] {
  const wrappers = [...discovery.getControllers(), ...discovery.getProviders()];
  return wrappers.filter((wrapper) => !wrapper.isAlias).flatMap(hostOf);
}

function hostOf(wrapper: InstanceWrapper): Host[] {
  const types = [wrapper.token, classOf(wrapper)].filter(isClass);
  if (types.length === 0) return [];
  return [{ types: [...new Set(types)], wrapper, moduleName: wrapper.host?.name ?? 'an unnamed module' }];
}

/** Class of what a run will call: of the instance, else the one that Nest would instantiate. */
function classOf(wrapper: InstanceWrapper): unknown {
  const instance = instanceOf(wrapper);
  if (instance === null) return wrapper.isFactory ? undefined : wrapper.metatype;
  const prototype = Object.getPrototypeOf(instance) as { constructor?: unknown } | null;
  return prototype === null || prototype === Object.prototype ? undefined : prototype.constructor;
}

/** The instance as it is outside of any request; null: none, or no object. */
export function instanceOf(wrapper: InstanceWrapper): object | null {
  const instance: unknown = wrapper.instance;
  return typeof instance === 'object' ? instance : null;
}

function isClass(value: unknown): value is NamedClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}
