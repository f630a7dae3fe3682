import type { ArgumentsOf, CommandTask, ExecTask, JsonList, MethodName, Trigger } from '../core/index.js';
import { commandLine, splitLine } from '../tasks/index.js';
import type { InstantInput } from '../triggers/index.js';
import { InvalidScheduleError, UnnamedFunctionError } from './errors.js';
import { guarded, methodNames } from './guarded.js';
import {
  JobState,
  retryWithUnits,
  ScheduleBook,
  withUnit,
  type FluentWork,
  type ProvidedClass,
  type WorkFunction,
} from './job-state.js';
import { defineMacro, type Macro } from './macros.js';
import type { OptionOf, RetryWithUnits, WithUnit } from './policy-modifiers.js';
import { ScheduledJob } from './scheduled-job.js';

/** Arguments of a method or function that a job calls: checked by the compiler, JSON, without a trailing `JobContext`. */
export type WorkArguments<F> = ArgumentsOf<F> extends infer A extends readonly unknown[] ? JsonList<A> : never;

/** What all jobs of a group share: job options, lengths with their unit, or a function that says it to each of them. */
export type GroupAttributes<O extends object> = GroupOptions<O> | ((job: ScheduledJob<O>) => unknown);

type GroupOptions<O extends object> = Omit<O, 'id' | 'args' | 'timeout' | 'misfireGraceTime' | 'retry'> & {
  readonly timeout?: WithUnit<OptionOf<O, 'timeout'>>;
  readonly misfireGraceTime?: WithUnit<OptionOf<O, 'misfireGraceTime'>>;
  readonly retry?: RetryWithUnits<OptionOf<O, 'retry'>>;
};

/** How a process is started, beside its line or file. */
export type ExecSurroundings = Omit<ExecTask, 'exec'>;

/** A job that the fluent schedule defined. */
export interface FluentJob<O> {
  readonly work: FluentWork;
  readonly args: readonly unknown[];
  /** Its task in words, which is its id where it has none. */
  readonly line: string;
  /** As given, not checked. */
  readonly options: O;
  /** The rule of its times; its zone is left to the job. @throws {SchedulerError} what no rule can be made of */
  trigger(): Trigger;
}

/** Every job of the fluent schedule is of this kind of options. */
interface IdentityOptions {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly onOneServer?: unknown;
  readonly withoutOverlapping?: unknown;
  readonly start?: InstantInput;
}

type Prelude<O extends object> = (job: ScheduledJob<O>, state: JobState) => void;

/**
 * Jobs in sentences that read aloud, in the manner of Laravel's scheduler.
 *
 * @throws {InvalidScheduleError} at each method that is given what it cannot mean
 */
export class FluentSchedule<O extends object> {
  private readonly book: ScheduleBook;
  private readonly preludes: readonly Prelude<O>[];

  constructor(book: ScheduleBook = new ScheduleBook(), preludes: readonly Prelude<O>[] = []) {
    this.book = book;
    this.preludes = preludes;
    return guarded(this);
  }

  /**
   * A method of a provider. Its arguments are checked by the compiler; the method gets the `JobContext` after them.
   *
   * @example schedule.job(ReportsService, 'send', 'weekly').mondays().at('09:00')
   */
  job<T extends object, M extends MethodName<T>>(
    host: ProvidedClass<T>,
    method: M,
    ...args: WorkArguments<T[M]>
  ): ScheduledJob<O> {
    if (typeof host !== 'function') throw new InvalidScheduleError('job', host, 'Give the class of a provider.');
    if (typeof method !== 'string') throw new InvalidScheduleError('job', method, `Name a method of ${host.name}.`);
    return this.add({ kind: 'method', host, method }, args, `${host.name}.${method}`);
  }

  /**
   * A function; it gets the arguments, then the `JobContext`. One without a name needs `.name(…)` to be kept in a shared
   * store.
   *
   * @example schedule.call(() => cache.flush()).everyFiveMinutes().name('flush-cache')
   */
  call<F extends WorkFunction>(fn: F, ...args: WorkArguments<F>): ScheduledJob<O> {
    if (typeof fn !== 'function') throw new InvalidScheduleError('call', fn, 'Give a function; a method by job().');
    return this.add({ kind: 'function', fn }, args, fn.name === '' ? 'function' : fn.name);
  }

  /**
   * A console command of the application.
   *
   * @param args each argument by itself
   * @example schedule.command('mail:send', ['weekly', '--force']).weekly()
   */
  command(name: string, args: readonly (string | number)[] = []): ScheduledJob<O> {
    const [command, ...more] = typeof name === 'string' ? splitLine(name) : [];
    if (command === undefined) {
      const advice =
        "It is a command, arguments in a list or on its line: command('mail:send', ['weekly', '--force']).";
      throw new InvalidScheduleError('command', name, advice);
    }
    return this.described({ command, args: [...more, ...words(args, 'command')] });
  }

  /**
   * A process: a line for the shell, or a file with its arguments, without a shell.
   *
   * @example schedule.exec(['pg_dump', 'app'], { cwd: '/srv/backup' }).daily()
   */
  exec(
    line: string | readonly [file: string, ...args: string[]],
    surroundings: ExecSurroundings = {},
  ): ScheduledJob<O> {
    return this.described({ exec: execOf(line), ...checkedSurroundings(surroundings) });
  }

  /**
   * Jobs that share something; groups inside of groups inherit. A job's own sentence comes after what its groups say. As
   * in the sentence of a job, `timeout`, `misfireGraceTime` and the delays of `retry` are no bare numbers.
   *
   * @throws {InvalidDurationError} a length without its unit
   * @param attributes job options, or a function that says it to each job
   * @example
   * schedule.group({ onOneServer: true }, (group) => group.job(ReportsService, 'send').daily());
   * schedule.group((each) => each.weekdays().between('8:00', '18:00'), (group) => group.call(sync).everyTenMinutes());
   */
  group(attributes: GroupAttributes<O>, define: (schedule: this) => unknown): this {
    const isObject = typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes);
    if (!isObject && typeof attributes !== 'function') {
      throw new InvalidScheduleError('group', attributes, 'Give job options, or a function of each job.');
    }
    if (isObject) lengthsWithUnits(attributes);
    if (typeof define !== 'function')
      throw new InvalidScheduleError('group', define, 'Give a function of the schedule.');
    const prelude: Prelude<O> =
      typeof attributes === 'function' ? (job) => void attributes(job) : (_job, state) => state.take(attributes);
    const Own = this.constructor as new (book: ScheduleBook, preludes: readonly Prelude<O>[]) => this;
    const answer = define(new Own(this.book, [...this.preludes, prelude]));
    if (answer instanceof Promise) {
      throw new InvalidScheduleError(
        'group',
        define,
        'It is not async: await before the group, or in defineSchedule().',
      );
    }
    return this;
  }

  /** Makes a method of every job; the last definition of a name counts. */
  protected static addMacro(name: string, macro: Macro): void {
    const job = new ScheduledJob(new JobState(new ScheduleBook(), { kind: 'function', fn: () => undefined }, [], ''));
    defineMacro(name, macro, methodNames(job));
  }

  private described(task: CommandTask | ExecTask): ScheduledJob<O> {
    return this.add({ kind: 'described', task }, [], commandLine(task));
  }

  private add(work: FluentWork, args: readonly unknown[], line: string): ScheduledJob<O> {
    this.book.refuseWhenClosed(KIND_METHODS[work.kind]);
    const state = new JobState(this.book, work, args, line);
    const job = guarded(new ScheduledJob<O>(state));
    for (const prelude of this.preludes) prelude(job, state);
    this.book.jobs.push(state);
    return job;
  }
}

const KIND_METHODS = { method: 'job', function: 'call', described: 'exec' } as const;

/** The jobs that a schedule defined; from here on none may be added or changed. */
export function jobsOf<O extends object>(book: ScheduleBook): FluentJob<O>[] {
  book.close();
  return book.jobs.map((state) => ({
    work: state.work,
    args: state.args,
    line: state.line,
    options: state.options as O,
    trigger: () => {
      refuseWithoutName(state);
      return state.timing.trigger(state.line, (state.options as IdentityOptions).start);
    },
  }));
}

/** What runs once in the cluster, or never twice, is known by a name that stays. */
function refuseWithoutName({ work, options }: JobState): void {
  const { id, name, onOneServer, withoutOverlapping } = options as IdentityOptions;
  if (work.kind !== 'function' || work.fn.name !== '' || id !== undefined || name !== undefined) return;
  if (onOneServer === true) throw new UnnamedFunctionError('onOneServer');
  if (withoutOverlapping !== undefined && withoutOverlapping !== false)
    throw new UnnamedFunctionError('withoutOverlapping');
}

/** @throws {InvalidDurationError} */
function lengthsWithUnits(options: { timeout?: unknown; misfireGraceTime?: unknown; retry?: unknown }): void {
  withUnit(options.timeout, 'timeout of group()');
  withUnit(options.misfireGraceTime, 'misfireGraceTime of group()');
  retryWithUnits(options.retry, 'retry in group()');
}

function execOf(line: unknown): ExecTask['exec'] {
  if (typeof line === 'string' && line.trim() !== '' && !line.includes('\0')) return line.trim();
  const isList = Array.isArray(line) && line.length > 0 && line.every((word) => typeof word === 'string');
  if (isList && line[0].trim() !== '') return words(line, 'exec') as [string, ...string[]];
  throw new InvalidScheduleError(
    'exec',
    line,
    "Give a line for the shell, or a file and its arguments: ['node', 'backup.js'].",
  );
}

function checkedSurroundings(surroundings: ExecSurroundings): ExecSurroundings {
  const wrong = Object.entries(surroundings).find(
    ([name, value]) => value !== undefined && !isSurrounding(name, value),
  );
  if (wrong === undefined) return surroundings;
  const advice = `${wrong[0]} is wrong there. Beside its line a process may have { cwd: '/srv', env: { NAME: 'text' }, user: 'www-data' }.`;
  throw new InvalidScheduleError('exec', { [wrong[0]]: wrong[1] }, advice);
}

function isSurrounding(name: string, value: unknown): boolean {
  if (name === 'cwd') return typeof value === 'string' && value !== '';
  if (name === 'user') return (typeof value === 'string' && value !== '') || Number.isInteger(value);
  const isObject = typeof value === 'object' && value !== null;
  return name === 'env' && isObject && Object.values(value).every((one) => typeof one === 'string');
}

function words(given: unknown, method: string): string[] {
  const isList =
    Array.isArray(given) &&
    given.every((word) => (typeof word === 'string' && !word.includes('\0')) || Number.isFinite(word));
  if (isList) return given.map(String);
  throw new InvalidScheduleError(method, given, "Arguments are a list of text and numbers: ['weekly', '--force'].");
}
