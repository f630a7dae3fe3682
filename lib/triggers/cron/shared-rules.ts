import { NeverFiresError } from '../errors.js';
import { shown } from '../shown.js';
import { CompiledCron } from './compiled-cron.js';
import type { CronText } from './parsed-expression.js';
import { compileExpression } from './parsed-expression.js';
import type { GivenFields } from './parsed-fields.js';
import { partsOfFields } from './parsed-fields.js';

const MOST_RULES = 20_000;
const rules = new Map<string, CompiledCron>();

/** Equal rules share one compiled object: rules have no state and no zone. */
function shared(key: string, compile: () => CompiledCron): CompiledCron {
  const known = rules.get(key);
  if (known !== undefined) return known;
  const compiled = compile();
  if (rules.size >= MOST_RULES) rules.clear();
  rules.set(key, compiled);
  return compiled;
}

/** @throws as `compileExpression` */
export function compiledExpression(expression: CronText): CompiledCron {
  return shared(expression.text, () => compileExpression(expression));
}

/**
 * @throws {InvalidCronError} names the field, the value and what is allowed there
 * @throws {NeverFiresError} when no date can match
 */
export function compiledFields(fields: GivenFields): CompiledCron {
  return shared(JSON.stringify(fields), () => {
    const parts = partsOfFields([fields]);
    if (!CompiledCron.canFire(parts)) {
      throw new NeverFiresError(`Cron ${shown(fields)}`, 'no date matches all of its fields. Correct one of them.');
    }
    return new CompiledCron(parts);
  });
}
