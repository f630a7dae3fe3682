import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { SCHEDULER_OPTIONS } from '../tokens.js';
import { DuplicateModuleError, MissingRootError } from './module-errors.js';
import { SCHEDULER_EXTENSION } from './scheduler-extension.js';
import type { NestContainer } from '@nestjs/core';
import type { Module } from '@nestjs/core/injector/module.js';

/**
 * Sees to it that an application has the scheduler once. It looks at the application's own modules and keeps no state, so
 * that any number of applications may live in one process.
 *
 * @throws {DuplicateModuleError} naming the modules that import it
 * @throws {MissingRootError} when it is imported without options only
 */
export function requireOneRoot(container: NestContainer, root: Module['metatype']): void {
  const modules = [...container.getModules().values()];
  const roots = modules.filter((module) => module.metatype === root && module.providers.has(SCHEDULER_OPTIONS));
  if (roots.length === 0) throw new MissingRootError();
  if (roots.length === 1) return;
  const importers = modules.flatMap((module) =>
    importsOf(module, container)
      .filter((imported) => isDynamic(imported, root))
      .map(() => module.name),
  );
  const hasCompat = modules.some((module) => module.providers.has(SCHEDULER_EXTENSION));
  const names = importers.length > 1 ? importers : roots.map(() => 'a module that is made later');
  throw new DuplicateModuleError(names, hasCompat);
}

function importsOf(module: Module, container: NestContainer): unknown[] {
  const own = (Reflect.getMetadata(MODULE_METADATA.IMPORTS, module.metatype) ?? []) as unknown[];
  const dynamic = container.getDynamicMetadataByToken(module.token, MODULE_METADATA.IMPORTS as 'imports') as unknown[];
  return [...own, ...dynamic];
}

function isDynamic(imported: unknown, root: unknown): boolean {
  return typeof imported === 'object' && imported !== null && 'module' in imported && imported.module === root;
}
