import { Inject, Injectable, Logger } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { bareCall, decoratedMethods, InvalidOptionsError, makeTrigger } from '../nest/index.js';
import { isShared, storeOf } from '../nest/index.js';
import { CronTime } from './cron-time.js';
import { JobBook } from './job-book.js';
import { DUPLICATE_SCHEDULER, NOT_STATIC } from './messages.js';
import { MergedOptions } from './module-options.js';
import { notesOf } from './peer-note.js';
import { cronPolicy, KIND_NAMES, saysOverlap, scheduleNoteOf } from './planned-job.js';
import { Ticks } from './ticks.js';
import type { AddedMethods, DecoratedMethod, Host, IntervalDecoratorOptions } from '../nest/index.js';
import type { NoteReader, ScheduleNote, SchedulerExtension } from '../nest/index.js';
import type { PeerNote } from './peer-note.js';
import type { FoundMethod, PlannedJob } from './planned-job.js';

const OPTION_OF = { cron: 'cronJobs', interval: 'intervals', timeout: 'timeouts' } as const;

/** Finds methods that this entry's decorators, or those of `@nestjs/schedule`, schedule. */
@Injectable()
export class ScheduleExplorer implements SchedulerExtension {
  private readonly logger = new Logger('Scheduler');
  private readonly reader: NoteReader<PeerNote> = { of: (prototype) => this.read(prototype) };

  constructor(
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(MergedOptions) private readonly options: MergedOptions,
    @Inject(JobBook) private readonly book: JobBook,
    @Inject(Ticks) private readonly ticks: Ticks,
  ) {}

  discover(hosts: readonly Host[], own: readonly DecoratedMethod<ScheduleNote>[]): AddedMethods {
    this.options.refuseSecondScheduler();
    const { methods, doubles } = decoratedMethods(hosts.flatMap(hostOfInstance), this.reader);
    const named = withTasks(methods);
    const taken = new Set(own.map((found) => found.task ?? `${found.type.name}.${found.method}`));
    for (const found of named) {
      // A method that the main entry's decorators schedule too is called as those say.
      if (!taken.has(found.task)) this.register(found);
    }
    return { methods: named.map((found) => this.added(found)), doubles };
  }

  private read(prototype: object | null): Map<string, readonly PeerNote[]> {
    const found = new Map<string, readonly PeerNote[]>();
    for (const method of this.scanner.getAllMethodNames(prototype)) {
      const notes = notesOf((prototype as Record<string, unknown>)[method]);
      if (notes.length > 0) found.set(method, notes);
    }
    return found;
  }

  private register({ task, host, method }: TaskMethod): void {
    const call = bareCall(host, method, task);
    this.book.assembly.tasks.register({
      [task]: (...given: unknown[]) => this.book.around(given[given.length - 1] as never, call),
    });
  }

  private added(found: TaskMethod): DecoratedMethod<ScheduleNote> {
    const notes = found.notes.filter((note) => this.isWanted(found, note)).map((note) => this.plan(found, note));
    return { ...found, notes };
  }

  private isWanted({ host, method }: FoundMethod, note: PeerNote): boolean {
    if (!this.options.has(OPTION_OF[note.kind])) return false;
    if (host.wrapper.isDependencyTreeStatic() || !this.options.warnsOfScoped) return true;
    this.logger.warn(NOT_STATIC(KIND_NAMES[note.kind], String(host.wrapper.name), method));
    return false;
  }

  private plan(found: TaskMethod, note: PeerNote): ScheduleNote {
    const place = `${found.task} (@${note.kind[0].toUpperCase()}${note.kind.slice(1)})`;
    const { options: module } = this.book.assembly;
    const inShared = isShared(module.stores[storeOf(note.own, module, place)]);
    refuseWrong(note, inShared, place);
    const time = note.kind === 'cron' ? this.timeOf(note, place) : null;
    const name = note.name || this.book.freeId(found.task);
    if (this.book.has(note.kind, name)) throw new Error(DUPLICATE_SCHEDULER(KIND_NAMES[note.kind], name));
    const planned = plannedOption(note);
    const isNative = !inShared && this.ticks.areNative && needsTimer(note, time) && planned === undefined;
    if (time !== null && time.shift !== 0 && !isNative) {
      refuse(place, 'utcOffset', note.peer.utcOffset, 'is no whole hour, which only jobs in memory can have.');
    }
    if (note.peer.unrefTimeout === true && planned !== undefined) {
      refuse(place, planned, note.own[planned], 'stands beside unrefTimeout, whose timer does not know it. Keep one.');
    }
    const id = this.book.freeId(note.name ? name : found.task, note.kind);
    const { task } = found;
    const job: PlannedJob = {
      kind: note.kind,
      name,
      id,
      task,
      method: found,
      note,
      time,
      isShared: inShared,
      isNative,
    };
    this.book.plan(job);
    return scheduleNoteOf(job, this.policyOf(job), isNative ? this.drivenTrigger(job) : null);
  }

  private timeOf({ cronTime, peer }: PeerNote, place: string): CronTime {
    if (cronTime === undefined || cronTime === null) {
      refuse(place, 'cron', cronTime, 'is missing. From a variable of the environment, see that it is set.');
    }
    try {
      return new CronTime(cronTime, peer, this.book.times);
    } catch (error) {
      return refuse(place, 'cron', cronTime, `is refused: ${(error as Error).message}`);
    }
  }

  /** Cron jobs may overlap unless somebody says otherwise, as their users know them; intervals may not. */
  private policyOf(job: PlannedJob): IntervalDecoratorOptions {
    if (job.kind !== 'cron') return job.note.own;
    const options = cronPolicy(job.note, job.isShared);
    if (saysOverlap(options) || saysOverlap(this.book.assembly.options.jobDefaults)) return options;
    return { overlap: 'allowAll', ...options };
  }

  private drivenTrigger({ kind, note, time }: PlannedJob): unknown {
    const words = { cron: `cron ${time?.toString()}`, interval: `every ${String(note.length)} ms` };
    const driver = kind === 'timeout' ? `${String(note.length)} ms after the start` : words[kind];
    return makeTrigger({ kind: 'driven', driver }, {}, { calendars: this.book.assembly.calendars });
  }
}

type TaskMethod = FoundMethod & { readonly task: string };

/** Two classes of one name are common here; the second one's tasks are told apart by a number. */
function withTasks(methods: readonly FoundMethod[]): TaskMethod[] {
  const byName = new Map<string, FoundMethod['type'][]>();
  return methods.map((found) => {
    const types = byName.get(found.type.name) ?? [];
    byName.set(found.type.name, types.includes(found.type) ? types : [...types, found.type]);
    const index = byName.get(found.type.name)!.indexOf(found.type);
    return { ...found, task: `${found.type.name}${index === 0 ? '' : `#${index + 1}`}.${found.method}` };
  });
}

/** Decorators are read from the class of the instance alone: what stands in for it in a test has none. */
function hostOfInstance(host: Host): Host[] {
  const instance: unknown = host.wrapper.instance;
  if (typeof instance !== 'object' || instance === null) return [];
  const prototype = Object.getPrototypeOf(instance) as { constructor?: unknown } | null;
  const type = prototype?.constructor;
  if (typeof type !== 'function' || type.prototype !== prototype || prototype === Object.prototype) return [];
  return [{ ...host, types: [type] }];
}

/** Intervals and timeouts have handles that their users clear; other jobs need a timer of their own now and then. */
function needsTimer(note: PeerNote, time: CronTime | null): boolean {
  return note.kind !== 'cron' || note.peer.unrefTimeout === true || (time !== null && time.shift !== 0);
}

/** Options that only the scheduler's own fire times have; a job with one of them is fired by the scheduler. */
function plannedOption({ own }: PeerNote): 'start' | 'end' | 'jitter' | 'limit' | undefined {
  return (['start', 'end', 'jitter', 'limit'] as const).find((option) => own[option] !== undefined);
}

function refuseWrong({ kind, length, peer }: PeerNote, inShared: boolean, place: string): void {
  if (kind === 'cron') {
    if (peer.timeZone !== undefined && peer.utcOffset !== undefined) {
      refuse(place, 'utcOffset', peer.utcOffset, 'stands beside timeZone. Give one of them.');
    }
    if (inShared && peer.initialDelay !== undefined && peer.initialDelay > 0) {
      refuse(
        place,
        'initialDelay',
        peer.initialDelay,
        'is for jobs in memory: other processes run this one meanwhile.',
      );
    }
    return;
  }
  const least = kind === 'interval' ? 1 : 0;
  if (typeof length === 'number' && length >= least && length < Infinity) return;
  refuse(place, 'timeout', length, `must be a number of milliseconds, ${least} or more.`);
}

function refuse(place: string, option: string, value: unknown, message: string): never {
  throw new InvalidOptionsError([{ place, option, value, message }]);
}
