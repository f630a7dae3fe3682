import type { ModuleRef, NestContainer } from '@nestjs/core';

/** Nest's own container; there is no public way to it, and enhancers of a call that is no request need it. */
export function containerOf(moduleRef: ModuleRef): NestContainer {
  return (moduleRef as unknown as { readonly container: NestContainer }).container;
}
