import type { ModuleRef } from '@nestjs/core';

/**
 * The injector as functions of the user see it: `ref.get(ConfigService)` finds providers of every module, without
 * `{ strict: false }`, for the module that asks is this package's own.
 */
export function injectorView(moduleRef: ModuleRef): ModuleRef {
  return Object.create(moduleRef, {
    get: {
      value: (token: never, options?: object) => moduleRef.get<unknown>(token, { strict: false, ...options } as never),
    },
    resolve: {
      value: (token: never, contextId?: never, options?: object) =>
        moduleRef.resolve<unknown>(token, contextId, { strict: false, ...options } as never),
    },
  }) as ModuleRef;
}
