import type { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { Host } from './hosts.js';

/** Key under which `@nestjs/schedule` marks a method, and name of the module that reads it (ours of the compat entry too). */
const PEER_KEY = 'SCHEDULER_TYPE';
const PEER_MODULE = 'ScheduleModule';

/**
 * `Class.method` of the first method that is decorated for `@nestjs/schedule` while nothing reads such decorators; null:
 * none, or its module is there.
 */
export function strayPeerMethod(
  hosts: readonly Host[],
  scanner: MetadataScanner,
  modules: ModulesContainer,
): string | null {
  if ([...modules.values()].some((module) => module.metatype?.name === PEER_MODULE)) return null;
  for (const { types } of hosts) {
    for (const type of types) {
      const prototype = type.prototype as Record<string, object>;
      const method = scanner
        .getAllMethodNames(prototype)
        .find((name) => Reflect.hasMetadata(PEER_KEY, prototype[name]));
      if (method !== undefined) return `${type.name}.${method}`;
    }
  }
  return null;
}
