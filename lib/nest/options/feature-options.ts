import { isPlainObject, mustBe } from './kind.js';
import type { OptionTable } from './kind.js';
import { thing } from './kinds.js';
import type { OptionFault } from './options-error.js';
import { checkOptions } from './tables.js';

const PLACE = 'SchedulerModule.forFeature';

const TABLE: OptionTable = {
  tasks: {
    kind: thing('Record<string, function>', 'an object of functions by name', isPlainObject),
    neighbours: ['task', 'functions', 'handlers'],
  },
  schedule: {
    kind: thing('function', 'a function of the schedule: (schedule) => …', (value) => typeof value === 'function'),
    neighbours: ['schedules', 'defineSchedule', 'jobs'],
  },
};

/** What is wrong with the options of `forFeature`; the tasks themselves are checked where they are registered. */
export function featureFaults(options: unknown): OptionFault[] {
  const problems = isPlainObject(options)
    ? checkOptions(options, '', TABLE)
    : mustBe('(all)', options, 'an object of options', 'Write { tasks: { name: function } }.');
  return problems.map((it) => ({ place: PLACE, ...it }));
}
