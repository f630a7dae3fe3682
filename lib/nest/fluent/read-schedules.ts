import { jobsOf, ScheduleBook } from '../../fluent/index.js';
import { decoratedMethods, instanceOf } from '../discovery/index.js';
import { isScoped } from '../handlers/index.js';
import { refuse } from '../options/index.js';
import { Schedule } from './schedule.js';
import type { Awaitable } from '../../core/index.js';
import type { FluentJob } from '../../fluent/index.js';
import type { DecoratedMethod, Double, Host, NoteReader } from '../discovery/index.js';
import type { DecoratorOptions } from '../options/index.js';
import type { DefinesSchedule, ScheduleFunction } from './schedule.js';

const METHOD = 'defineSchedule';

/** A job of the fluent schedule, and where it was written. */
export interface PlacedJob {
  /** `ReportsService.send (AppSchedule.defineSchedule)` */
  readonly place: string;
  readonly job: FluentJob<DecoratorOptions>;
}

/** One `defineSchedule`, or one function of `forFeature`. */
export interface ScheduleSource {
  readonly place: string;
  readonly define: (schedule: Schedule) => unknown;
}

/** Classes that have the method, as if it were decorated: found once for each class, on what a test put in its place too. */
const definesSchedule: NoteReader<true> = {
  of: (prototype) =>
    typeof (prototype as Partial<DefinesSchedule> | null)?.[METHOD] === 'function'
      ? new Map([[METHOD, [true]]])
      : new Map(),
};

/** All schedules of the application, those of providers first; and classes that several modules provide. */
export function scheduleSources(
  hosts: readonly Host[],
  features: readonly ScheduleFunction[],
): { sources: ScheduleSource[]; doubles: readonly Double[] } {
  const { methods, doubles } = decoratedMethods(hosts, definesSchedule);
  const ofFeatures = features.map((define) => ({ place: 'SchedulerModule.forFeature', define }));
  return { sources: [...methods.flatMap(sourceOf), ...ofFeatures], doubles };
}

function sourceOf({ host, type }: DecoratedMethod<true>): ScheduleSource[] {
  const place = `${type.name}.${METHOD}`;
  if (isScoped(host.wrapper)) {
    const message =
      'is asked for once, at the start, and its provider is made anew for each run. Move it to one of default scope.';
    refuse([{ place: type.name, option: METHOD, value: type, message }]);
  }
  const instance = instanceOf(host.wrapper) as Partial<DefinesSchedule> | null;
  // What a test provides in its place may have no schedule.
  if (typeof instance?.[METHOD] !== 'function') return [];
  return [{ place, define: (schedule) => instance[METHOD]?.(schedule) }];
}

/** The jobs of all sources, in their order. At once, unless one of them answers a promise. */
export function readSchedules(sources: readonly ScheduleSource[]): Awaitable<PlacedJob[]> {
  const jobs: PlacedJob[] = [];
  for (const [index, source] of sources.entries()) {
    const read = readSchedule(source);
    if (read instanceof Promise) return readRest(jobs, read, sources.slice(index + 1));
    jobs.push(...read);
  }
  return jobs;
}

async function readRest(
  jobs: readonly PlacedJob[],
  pending: Promise<PlacedJob[]>,
  rest: readonly ScheduleSource[],
): Promise<PlacedJob[]> {
  const read = await pending;
  return [...jobs, ...read, ...(await readSchedules(rest))];
}

function readSchedule({ place, define }: ScheduleSource): Awaitable<PlacedJob[]> {
  const book = new ScheduleBook();
  const read = (): PlacedJob[] =>
    jobsOf<DecoratorOptions>(book).map((job) => ({ place: `${job.line} (${place})`, job }));
  const answer = define(new Schedule(book));
  // A job has a method `then` and is no promise: only a real one is waited for.
  return answer instanceof Promise ? answer.then(read) : read();
}
