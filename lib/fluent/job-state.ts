import type { CommandTask, ExecTask } from '../core/index.js';
import { InvalidDurationError } from '../triggers/index.js';
import { ScheduleClosedError } from './errors.js';
import { Timing } from './timing.js';

/** A class that the application provides. */
export type ProvidedClass<T extends object = object> =
  (new (...args: never[]) => T) | (abstract new (...args: never[]) => T);

/** Any parameters: the context is added to whatever the job's arguments are. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type WorkFunction = (...args: any[]) => unknown;

/** What a job of the fluent schedule does. */
export type FluentWork =
  | { readonly kind: 'method'; readonly host: ProvidedClass; readonly method: string }
  | { readonly kind: 'function'; readonly fn: WorkFunction }
  | { readonly kind: 'described'; readonly task: CommandTask | ExecTask };

/** Whether jobs may still be added and changed: one for all jobs of a schedule. */
export class ScheduleBook {
  readonly jobs: JobState[] = [];
  private isClosed = false;

  close(): void {
    this.isClosed = true;
  }

  refuseWhenClosed(method: string): void {
    if (this.isClosed) throw new ScheduleClosedError(method);
  }
}

/** What the chain of one job has said so far. */
export class JobState {
  readonly options: Record<string, unknown> = {};
  readonly timing = new Timing();

  constructor(
    private readonly book: ScheduleBook,
    readonly work: FluentWork,
    readonly args: readonly unknown[],
    /** Its task in words, which is its id where it is given none: `ReportsService.send`, `node backup.js`. */
    readonly line: string,
  ) {}

  /** The state, to be changed by a method of that name. */
  for(method: string): this {
    this.book.refuseWhenClosed(method);
    return this;
  }

  set(option: string, value: unknown): void {
    this.for(option).options[option] = value;
  }

  /** Adds to an option that holds a list. */
  add(option: string, values: readonly unknown[]): void {
    this.set(option, [...((this.options[option] as readonly unknown[] | undefined) ?? []), ...values]);
  }

  /** Sets a part of an option that is an object. */
  setPart(option: string, part: string, value: unknown): void {
    this.set(option, { ...(this.options[option] as object | undefined), [part]: value });
  }

  /** Adds to a part that holds a list. */
  addToPart(option: string, part: string, values: readonly unknown[]): void {
    const known = (this.options[option] as Record<string, unknown> | undefined)?.[part];
    this.setPart(option, part, [...(known === undefined ? [] : [known].flat()), ...values]);
  }

  /** Takes over options of a group: what holds a list is added to, the parts of an object are merged, all else is set. */
  take(options: Readonly<Record<string, unknown>>): void {
    for (const [option, value] of Object.entries(options)) {
      if (value === undefined) continue;
      if (ADDED.has(option)) this.add(option, listOf(value));
      else if (MERGED.has(option) && isObject(value))
        this.set(option, { ...(this.options[option] as object), ...value });
      else this.set(option, value);
    }
  }
}

const ADDED: ReadonlySet<string> = new Set(['when', 'skip', 'before', 'after', 'onSuccess', 'onFailure', 'tags']);
const MERGED: ReadonlySet<string> = new Set(['output', 'pings']);

/** One or several; `[Class, 'method']` is one. */
export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [value];
  const isMethod = value.length === 2 && typeof value[0] === 'function' && typeof value[1] === 'string';
  return isMethod ? [value] : value;
}

/** @throws {InvalidDurationError} for a bare number: Laravel counts in seconds and minutes, and options in milliseconds */
export function withUnit(value: unknown, place: string): void {
  if (typeof value !== 'number') return;
  const advice = `A number leaves its unit open here: write '${value}s' or { seconds: ${value} }, or '${value}m' for minutes.`;
  throw new InvalidDurationError(place, value, advice);
}

/** The same for the lengths of `retry`. @throws {InvalidDurationError} */
export function retryWithUnits(retry: unknown, place: string): void {
  for (const part of ['delay', 'maxDelay', 'jitter']) {
    withUnit((retry as Record<string, unknown> | null | undefined)?.[part], `${part} of ${place}`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
