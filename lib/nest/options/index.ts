export { ARGUMENT_BYTES, checkArguments } from './arguments.js';
export { isEnabledHere, isShared, makeDefinition, storeOf } from './definition.js';
export type { DefinitionParts } from './definition.js';
export { hookList, isClass, isMethod, isMethodReference } from './hook-kind.js';
export type * from './inputs.js';
export type * from './job-options.js';
export type * from './module-options.js';
export { InvalidArgumentsError, InvalidOptionsError } from './options-error.js';
export type { OptionFault } from './options-error.js';
export { policyChanges, toPolicy } from './policy.js';
export { resolveModuleOptions } from './resolve.js';
export type { ResolvedModuleOptions, Surroundings } from './resolve.js';
export { nearest } from './nearest.js';
export { show } from './show.js';
export { isTrigger } from './trigger-kinds.js';
export { millis, readInstant } from './units.js';
export {
  jobOptionFaults,
  knownAliases,
  moduleOptionFaults,
  refuse,
  validateJobOptions,
  validateModuleOptions,
} from './validate.js';
export type { KnownAliases, OptionSite } from './validate.js';
