import type { IntervalDecoratorOptions, PolicyOptions } from '../options/index.js';

type Options = IntervalDecoratorOptions;
type Name = keyof Options;

/** What `misfire` stands for, so that either part of it can be overridden alone. */
const PRESETS: Readonly<Record<NonNullable<PolicyOptions['misfire']>, PolicyOptions>> = {
  skip: { coalesce: true, misfireGraceTime: '10s' },
  runOnce: { coalesce: true, misfireGraceTime: null },
  runAll: { coalesce: false, misfireGraceTime: null },
};

/** Options that say the same in other words: who sets the one means to replace the others. */
const REPLACED: Readonly<Partial<Record<Name, readonly Name[]>>> = {
  misfire: ['coalesce', 'misfireGraceTime'],
  withoutOverlapping: ['overlap', 'maxInstances'],
  overlap: ['withoutOverlapping'],
  maxInstances: ['withoutOverlapping'],
  runInBackground: ['executor'],
  executor: ['runInBackground'],
  keepHistory: ['history'],
  history: ['keepHistory'],
  start: ['initialDelay'],
  initialDelay: ['start'],
};
/** Of these, only the value that stands against the others replaces them. */
const HARMLESS: Readonly<Partial<Record<Name, unknown>>> = {
  withoutOverlapping: false,
  runInBackground: false,
  keepHistory: true,
};

/**
 * Options of the code with those of the configuration over them, field by field. What the configuration says wins over
 * everything of the code that contradicts it; contradictions inside one of them stay, and are refused.
 */
export function overridden(code: Options, configured: Options): Options {
  const kept: Record<string, unknown> = { ...code };
  if (configured.coalesce !== undefined || configured.misfireGraceTime !== undefined) expandMisfire(kept, code);
  for (const name of Object.keys(configured) as Name[]) {
    const isHarmless = name in HARMLESS && configured[name] === HARMLESS[name];
    for (const other of isHarmless ? [] : (REPLACED[name] ?? [])) delete kept[other];
  }
  if (coalesces(configured)) delete kept.catchUpLimit;
  return { ...kept, ...configured };
}

function expandMisfire(kept: Record<string, unknown>, { misfire }: Options): void {
  if (misfire === undefined) return;
  delete kept.misfire;
  Object.assign(kept, PRESETS[misfire]);
}

function coalesces({ coalesce, misfire }: Options): boolean {
  return coalesce === true || misfire === 'skip' || misfire === 'runOnce';
}
