import { isPlainObject } from '../options/kind.js';
import { instant, duration } from '../options/units.js';
import { cronRule, trigger } from '../options/trigger-kinds.js';
import { jobOptionFaults, show } from '../options/index.js';
import type { ModuleRef } from '@nestjs/core';
import type { Trigger } from '../../core/index.js';
import type { ScheduleNote, SchedulingDecorator } from '../decorators/index.js';
import type { Kind } from '../options/kind.js';
import type {
  CronFields,
  Duration,
  InstantInput,
  IntervalDecoratorOptions,
  KnownAliases,
  OptionFault,
  OptionSite,
} from '../options/index.js';
import type { TriggerRule } from './trigger-rule.js';

/** What a decorator's first argument is called in messages, what it may be, and what options stand beside it. */
interface Reading {
  readonly name: string;
  readonly kind: Kind;
  readonly beside: OptionSite['trigger'];
  readonly rule: (value: never) => TriggerRule;
}

const READINGS: Readonly<Record<SchedulingDecorator, Reading>> = {
  Cron: {
    name: 'cron',
    kind: cronRule(),
    beside: 'other',
    rule: (when: string | CronFields) => ({ kind: 'cron', when }),
  },
  Interval: {
    name: 'every',
    kind: duration(),
    beside: 'interval',
    rule: (length: Duration) => ({ kind: 'interval', length }),
  },
  At: { name: 'at', kind: instant(), beside: 'other', rule: (when: InstantInput) => ({ kind: 'at', when }) },
  Timeout: {
    name: 'delay',
    kind: duration({ min: 0 }),
    beside: 'other',
    rule: (delay: Duration) => ({ kind: 'timeout', delay }),
  },
  Scheduled: {
    name: 'trigger',
    kind: trigger(),
    beside: 'other',
    rule: (given: Trigger) => ({ kind: 'trigger', trigger: given }),
  },
};

export type NoteReading =
  | { readonly rule: TriggerRule; readonly options: IntervalDecoratorOptions }
  | { readonly faults: readonly OptionFault[] };

/** What a scheduling decorator says, with functions of the injector called; or everything that is wrong with it. */
export function readNote(note: ScheduleNote, place: string, injector: ModuleRef, known: KnownAliases): NoteReading {
  const { name, kind, beside, rule } = READINGS[note.decorator];
  const spelling = peerSpelling(note, place);
  if (spelling !== null) return { faults: [spelling] };
  const [first, options] = note.given.map((given, index) =>
    valueOf(given, injector, { place, option: index === 0 ? name : 'options' }),
  ) as [Answer, Answer];
  const faults = [
    ...(first.fault === null ? checkFirst(first.value, note, kind, { place, option: name }) : [first.fault]),
    ...(options.fault === null
      ? jobOptionFaults(options.value ?? {}, { place, trigger: beside, known })
      : [options.fault]),
  ];
  if (faults.length > 0) return { faults };
  return { rule: rule(first.value as never), options: options.value ?? {} };
}

interface Answer {
  readonly value: unknown;
  readonly fault: OptionFault | null;
}

type Spot = Pick<OptionFault, 'place' | 'option'>;

function valueOf(given: unknown, injector: ModuleRef, spot: Spot): Answer {
  if (typeof given !== 'function') return { value: given, fault: null };
  try {
    const value = (given as (ref: ModuleRef) => unknown)(injector);
    return value instanceof Promise ? promised(value, spot) : { value, fault: null };
  } catch (error) {
    const message = `is a function that threw: ${error instanceof Error ? error.message : show(error)}`;
    return { value: undefined, fault: { ...spot, value: given, message } };
  }
}

function promised(value: Promise<unknown>, spot: Spot): Answer {
  // It may reject later, and nobody else waits for it.
  value.catch(() => undefined);
  const advice = 'Load what it needs in an async provider, and read that provider here.';
  return { value: undefined, fault: { ...spot, value, message: `is a function that answers a promise. ${advice}` } };
}

function checkFirst(value: unknown, { decorator, given }: ScheduleNote, kind: Kind, spot: Spot): OptionFault[] {
  // Only what is left out means "at once"; a key that a ConfigService does not have must not.
  if (value === undefined && decorator === 'At' && given[0] === undefined) return [];
  if (value === undefined) {
    const message = `is undefined. Give it a value; from a ConfigService, see that the key is set.`;
    return [{ ...spot, value, message }];
  }
  if (decorator === 'Cron' && (value instanceof Date || isDateTime(value))) {
    return [{ ...spot, value, message: `is ${show(value)}, one instant. Write @At(date).` }];
  }
  return kind.check(value, spot.option).map((problem) => ({ place: spot.place, ...problem }));
}

function isDateTime(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isPlainObject(value) && 'toMillis' in value;
}

/** `@Interval('name', 5000)`, as `@nestjs/schedule` has it. */
function peerSpelling({ decorator, given }: ScheduleNote, place: string): OptionFault | null {
  const [name, length] = given;
  if (typeof name !== 'string' || typeof length !== 'number') return null;
  const message = `is ${show(name)}, a name. The length comes first here: write @${decorator}(${length}, { name: ${show(name)} }).`;
  return { place, option: READINGS[decorator].name, value: name, message };
}
