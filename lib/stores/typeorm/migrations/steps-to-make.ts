import { NewerSchemaError } from '../errors.js';
import type { SchemaStep } from './schema-step.js';

/**
 * Steps that are still to be made, oldest first.
 *
 * @param made as the table of steps says
 * @throws {NewerSchemaError} a later version of the package was here
 */
export function stepsToMake(
  store: string,
  steps: readonly SchemaStep[],
  made: readonly (readonly [name: string, timestamp: number])[],
): SchemaStep[] {
  const known = new Set(steps.map((step) => step.name));
  const newest = steps[steps.length - 1].timestamp;
  const unknown = made.filter(([name, timestamp]) => !known.has(name) && timestamp > newest);
  if (unknown.length > 0) {
    const names = unknown.map(([name]) => name);
    throw new NewerSchemaError(store, names);
  }
  const names = new Set(made.map(([name]) => name));
  return steps.filter((step) => !names.has(step.name));
}
