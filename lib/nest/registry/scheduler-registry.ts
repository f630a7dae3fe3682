import { Inject, Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import type { Instant, JobPause, JobRecord, MethodName, Trigger } from '../../core/index.js';
import { checkArguments } from '../options/arguments.js';
import type { InstantInput } from '../options/inputs.js';
import { UnknownJobError } from '../../engine/index.js';
import type { PreviewReport } from '../insight/preview-report.js';
import type { ScheduleChanges } from '../insight/schedule-changes.js';
import type { LintFinding } from '../insight/schedule-lint.js';
import { ScheduleInsight } from '../insight/schedule-insight.js';
import { trigger as triggerKind } from '../options/trigger-kinds.js';
import { show } from '../options/show.js';
import { refuse } from '../options/validate.js';
import { checkCall, checkedInstant, checkId, placeOf } from './checked-call.js';
import { nodeView, whyAnswer } from './insight.js';
import type { Preview, SchedulerNode, WhyAnswer } from './insight.js';
import { givenTrigger, JobAdder } from './job-adder.js';
import { changesOf } from './job-changes.js';
import { listJobs } from './job-list.js';
import { Job, pauseView } from './job.js';
import type { JobPauseView } from './job.js';
import { JobNotEnabledError } from './registry-errors.js';
import { REGISTRY_PARTS } from './registry-parts.js';
import type { RegistryParts } from './registry-parts.js';
import type * as options from './registry-options.js';
import * as tables from './registry-tables.js';
import type { CallTable } from './registry-tables.js';
import { runFilter } from './run-filter.js';
import { Run, runsOf } from './run.js';
import type { Runs } from './run.js';
import { checkedTrigger } from './runtime-job.js';

const DAY = 86_400_000;

/**
 * Adds, reads and manages jobs while the application runs. Works from the application's start on (`onModuleInit` of any
 * provider), in processes of every role.
 *
 * Everything that is given is checked before anything is stored; what is wrong is named together with the job and what
 * to write instead. Instants go in as `Date`, luxon `DateTime`, epoch milliseconds or ISO text and come out as `Date`.
 *
 * @throws {InvalidOptionsError} INVALID_OPTIONS: all faults of a call at once
 * @throws {UnknownJobError} UNKNOWN_JOB: no job has that id
 * @example
 * ```ts
 * constructor(private readonly scheduler: SchedulerRegistry) {}
 * await this.scheduler.schedule(ReminderService, 'send', { trigger: at(when), args: [userId], store: 'db' });
 * ```
 */
@Injectable()
export class SchedulerRegistry {
  private readonly adder: JobAdder;
  private readonly insight: ScheduleInsight;

  constructor(@Inject(REGISTRY_PARTS) private readonly parts: RegistryParts) {
    this.adder = new JobAdder(parts);
    this.insight = new ScheduleInsight(parts);
  }

  /**
   * Adds a job. The identical definition again answers the job that is there, so this may stand in every node's start.
   *
   * @param input.id identity; default: a new UUID
   * @param input.replaceExisting replaces all of a job with this id instead of refusing
   * @param input.environments without this one: it is checked, nothing is stored, and the answer says `enabled: false`
   * @throws {InvalidOptionsError} INVALID_OPTIONS: everything that is wrong, `enabled: false` among it
   * @throws {InvalidArgumentsError} INVALID_ARGUMENTS: `args` are not JSON, or larger than 64 kB
   * @throws {UnknownTaskError} UNKNOWN_TASK
   * @throws {DuplicateJobError} DUPLICATE_JOB: another job has this id
   * @example await scheduler.add({ id: 'welcome', task: 'MailService.welcome', trigger: at('2026-12-25 09:00'), args: [7] });
   */
  async add(input: options.JobInput): Promise<Job> {
    return this.adder.add(input, 'add', tables.ADD_CALL, givenTrigger);
  }

  /** Adds a cron job. @example await scheduler.addCron({ id: 'backup', task: 'Backup.run', expression: '0 2 * * *' }); */
  async addCron(input: options.CronJobInput): Promise<Job> {
    return this.adder.add(input, 'addCron', tables.CRON_CALL, ({ expression, fields }) => ({
      kind: 'cron',
      when: expression ?? fields ?? '',
    }));
  }

  /** Adds an interval job. @example await scheduler.addInterval({ task: [HealthService, 'check'], every: { minutes: 5 } }); */
  async addInterval(input: options.IntervalJobInput): Promise<Job> {
    return this.adder.add(input, 'addInterval', tables.INTERVAL_CALL, ({ every }) => ({
      kind: 'interval',
      length: every,
    }));
  }

  /**
   * Adds a job that runs once; an instant that is past, or none, runs at once.
   *
   * @example await scheduler.addAt({ task: 'CampaignService.end', at: '2026-12-31 23:59' });
   */
  async addAt(input: options.DateJobInput): Promise<Job> {
    return this.adder.add(input, 'addAt', tables.DATE_CALL, ({ at }) => ({ kind: 'at', when: at }));
  }

  /**
   * Adds a job for a method; the compiler checks that `args` are the method's parameters without the `JobContext`.
   *
   * @example await scheduler.schedule(ReminderService, 'send', { trigger: at(when), args: [userId] });
   */
  async schedule<T extends object, M extends MethodName<T>>(
    host: Type<T>,
    method: M,
    input: options.ScheduleInput<T[M]>,
  ): Promise<Job> {
    const whole = isObject(input) ? { ...(input as object), task: [host, method] } : input;
    return this.adder.add(whole as unknown as options.JobInput, 'schedule', tables.ADD_CALL, givenTrigger);
  }

  /** Adds several jobs in one step for each store; nothing is added when one of them is wrong. One result each, in order. */
  async addMany(inputs: readonly options.ManyJobInput[], addOptions: options.AddOptions = {}): Promise<Job[]> {
    return this.adder.addMany(inputs, addOptions);
  }

  /** The job; null: there is none with this id. */
  async get(id: string): Promise<Job | null> {
    checkId(id, 'id', placeOf('get'));
    const found = await this.parts.scheduler.get(id);
    if (found !== null) return Job.ofRecord(found.job, { store: found.store, parts: this.parts });
    const off = this.parts.notEnabled().find((definition) => definition.id === id);
    return off === undefined ? null : Job.ofDefinition(off);
  }

  /** Jobs of all stores, ordered by id, also those that are switched off. */
  async list(filter: options.JobListFilter = {}): Promise<Job[]> {
    this.check(filter, tables.LIST_CALL, 'list');
    return listJobs(filter, this.parts);
  }

  async has(id: string): Promise<boolean> {
    return (await this.get(id)) !== null;
  }

  /**
   * Stops producing runs; open ones go on. Survives restarts and deploys.
   *
   * @param pauseOptions.until resumes by itself then
   */
  async pause(id: string, pauseOptions: options.PauseOptions = {}): Promise<Job> {
    this.check(pauseOptions, tables.PAUSE_CALL, 'pause', id);
    const { store, zone } = await this.locate(id, 'pause');
    const pause = this.pauseOf(pauseOptions, { place: placeOf('pause', id), zone });
    return this.view(await this.parts.scheduler.pause(id, pause), store);
  }

  /** Goes on with the next fire time; what was missed meanwhile is made up for only with `catchUp`. */
  async resume(id: string, resumeOptions: options.ResumeOptions = {}): Promise<Job> {
    this.check(resumeOptions, tables.RESUME_CALL, 'resume', id);
    const { store } = await this.locate(id, 'resume');
    return this.view(await this.parts.scheduler.resume(id, { catchUp: resumeOptions.catchUp ?? false }), store);
  }

  /** Pauses the application, on all nodes: maintenance mode. Jobs with `evenInMaintenanceMode` go on. */
  async pauseAll(pauseOptions: options.PauseOptions = {}): Promise<void> {
    this.check(pauseOptions, tables.PAUSE_ALL_CALL, 'pauseAll');
    const pause = this.pauseOf(pauseOptions, { place: placeOf('pauseAll'), zone: this.parts.options.timezone });
    await this.parts.scheduler.pauseAll(pause);
  }

  async resumeAll(): Promise<void> {
    await this.parts.scheduler.resumeAll();
  }

  /** The pause of the whole application; null: it is not paused. */
  async pauseOfAll(): Promise<JobPauseView | null> {
    return pauseView(await this.parts.scheduler.isPaused());
  }

  /**
   * Gives a job another trigger, and another zone when one is given. It goes on with the next fire time from now; one
   * that is due already stays due, and a pause stays.
   */
  async reschedule(id: string, trigger: Trigger, rescheduleOptions: options.RescheduleOptions = {}): Promise<Job> {
    const place = placeOf('reschedule', id);
    this.check(rescheduleOptions, tables.RESCHEDULE_CALL, 'reschedule', id);
    refuse(
      triggerKind()
        .check(trigger, 'trigger')
        .map((it) => ({ place, ...it })),
    );
    const found = await this.locate(id, 'reschedule');
    const { timezone } = rescheduleOptions;
    const making = { id, place, store: found.store, zone: timezone ?? found.zone, parts: this.parts };
    const checked = checkedTrigger({ kind: 'trigger', trigger }, {}, making);
    return this.view(await this.parts.scheduler.reschedule(id, checked, timezone), found.store);
  }

  /** Changes options of a job; what is left out stays, and so does the next fire time. */
  async modify(id: string, changes: options.JobChanges): Promise<Job> {
    this.check(changes, tables.MODIFY_CALL, 'modify', id);
    const found = await this.locate(id, 'modify');
    const { patch, functions } = changesOf(changes, found, this.parts);
    const undo = this.parts.functions.extend(id, functions);
    try {
      return this.view(await this.parts.scheduler.modify(id, patch), found.store);
    } catch (error) {
      undo();
      throw error;
    }
  }

  /**
   * Removes a job that was added at run time, and its runs that have not started.
   *
   * @throws {CodeJobError} CODE_JOB: code defines it and would add it again; pause it instead
   */
  async remove(id: string): Promise<Job> {
    const { store } = await this.locate(id, 'remove');
    return this.view(await this.parts.scheduler.remove(id), store);
  }

  /** Makes a run beside the schedule, also of a paused or finished job. */
  async runNow(id: string, runOptions: options.RunNowOptions = {}): Promise<Run> {
    this.check(runOptions, tables.RUN_NOW_CALL, 'runNow', id);
    const { args, force = false } = runOptions;
    const checked = args === undefined ? null : checkArguments(args, placeOf('runNow', id));
    await this.locate(id, 'runNow');
    return new Run(await this.parts.scheduler.runNow(id, { args: checked, force }));
  }

  /**
   * Makes a new run by hand, with the arguments of a settled one.
   *
   * @throws {UnknownRunError} UNKNOWN_RUN
   * @throws {RunNotSettledError} RUN_NOT_SETTLED: it is still open
   */
  async retry(runId: string): Promise<Run> {
    checkId(runId, 'runId', placeOf('retry'));
    return new Run(await this.parts.scheduler.retry(runId));
  }

  /** Asks a run to stop, on whichever node it is; one that has not started is settled at once. */
  async cancel(runId: string, detail?: string): Promise<Run> {
    checkId(runId, 'runId', placeOf('cancel'));
    if (detail !== undefined) checkId(detail, 'detail', placeOf('cancel'));
    return new Run(await this.parts.scheduler.cancel(runId, detail));
  }

  /**
   * Makes the runs of a past window, of 10,000 fire times at most. Those whose run is open or in the history are left out;
   * those whose run was pruned, or not kept, are made again. Text without offset is in the job's zone.
   *
   * @example await scheduler.backfill('report', { from: '2026-11-01', to: '2026-11-08' });
   */
  async backfill(id: string, window: options.BackfillOptions): Promise<Run[]> {
    this.check(window, tables.BACKFILL_CALL, 'backfill', id);
    const { zone } = await this.locate(id, 'backfill');
    const place = placeOf('backfill', id);
    const [from, to] = this.window(window.from, window.to, { place, zone });
    return (await this.parts.scheduler.backfill(id, { from, to })).map((run) => new Run(run));
  }

  /** The run; null: there is none with this id, or it was pruned. */
  async run(runId: string): Promise<Run | null> {
    checkId(runId, 'runId', placeOf('run'));
    const found = await this.parts.scheduler.run(runId);
    return found === null ? null : new Run(found);
  }

  /** Runs of all jobs, newest fire time first, in pages. */
  async runs(filter: options.RunListFilter = {}): Promise<Runs> {
    this.check(filter, tables.RUNS_CALL, 'runs');
    return runsOf(await this.parts.scheduler.runs(runFilter(filter, this.parts.options.timezone)));
  }

  /** Runs of one job, newest fire time first, in pages. */
  async history(id: string, page: options.PageOptions = {}): Promise<Runs> {
    this.check(page, tables.HISTORY_CALL, 'history', id);
    return runsOf(await this.parts.scheduler.runs(runFilter({ ...page, jobId: id }, 'UTC')));
  }

  /** Running schedulers of the application. */
  async nodes(): Promise<SchedulerNode[]> {
    return (await this.parts.scheduler.nodes()).map(nodeView);
  }

  /** Fire times to come between two instants, in order, 10,000 at most. Text without offset is in the module's zone. */
  async preview(from: InstantInput, to: InstantInput, filter: options.PreviewFilter = {}): Promise<Preview> {
    this.check(filter, tables.PREVIEW_CALL, 'preview');
    return this.insight.preview(this.windowOf(from, to, 'preview'), filter);
  }

  /**
   * The same on wall clocks: with what changes of the clocks do to each, how much is due in each minute, and what is due
   * together.
   *
   * @param to default: 24 hours after `from`
   * @param filter.timezone zone in which times are shown. Default: the module's
   */
  async previewReport(
    from: InstantInput,
    to?: InstantInput,
    filter: options.ReportFilter = {},
  ): Promise<PreviewReport> {
    this.check(filter, tables.REPORT_CALL, 'previewReport');
    return this.insight.report(this.windowOf(from, to, 'previewReport'), filter);
  }

  /**
   * Fire times to come as an iCalendar feed, for a calendar program to subscribe to. It says so itself, in `X-WR-CALDESC`,
   * where it ends with the 10,000th of them.
   *
   * @param to default: 24 hours after `from`
   */
  async previewCalendar(from: InstantInput, to?: InstantInput, filter: options.PreviewFilter = {}): Promise<string> {
    this.check(filter, tables.PREVIEW_CALL, 'previewCalendar');
    return this.insight.calendar(this.windowOf(from, to, 'previewCalendar'), filter);
  }

  /** What a start of this code would change in shared stores: nothing is written. */
  async diff(): Promise<ScheduleChanges> {
    return this.insight.diff();
  }

  /** What looks wrong about the schedule: fire times that never come, clocks that change, slots that many share. */
  async lint(): Promise<LintFinding[]> {
    return this.insight.lint();
  }

  /**
   * Deletes history beyond age and count now; nodes do it by themselves once a minute.
   *
   * @param onStep told how many went so far
   * @returns how many runs went
   */
  async prune(onStep: (deleted: number) => void = () => undefined): Promise<number> {
    return this.parts.scheduler.prune(onStep);
  }

  /** Why a job ran or did not run at an instant. Text without offset is in the job's zone. */
  async why(id: string, at: InstantInput): Promise<WhyAnswer> {
    const place = placeOf('why', id);
    checkId(id, 'id', place);
    const zone = (await this.parts.scheduler.get(id))?.job.timezone ?? this.parts.options.timezone;
    const answer = await this.parts.scheduler.why(id, checkedInstant(at, 'at', { place, zone }));
    return (answer.verdict === 'unknownJob' ? await this.insight.whyToCome(id) : null) ?? whyAnswer(answer);
  }

  private check(given: unknown, call: CallTable, method: string, id?: unknown): void {
    if (call.ofJob === true) checkId(id, 'id', placeOf(method));
    checkCall(given, call, placeOf(method, id), this.parts.options);
  }

  private async locate(id: string, method: string): Promise<{ store: string; job: JobRecord; zone: string }> {
    checkId(id, 'id', placeOf(method));
    const found = await this.parts.scheduler.get(id);
    if (found !== null) return { ...found, zone: found.job.timezone };
    const off = this.parts.notEnabled().find((definition) => definition.id === id);
    if (off !== undefined) throw new JobNotEnabledError(placeOf(method), id, off.definedAt);
    throw new UnknownJobError(id);
  }

  private view(record: JobRecord, store: string): Job {
    return Job.ofRecord(record, { store, parts: this.parts });
  }

  private pauseOf(
    { by = null, reason = null, until }: Nullable<options.PauseOptions>,
    spot: { readonly place: string; readonly zone: string },
  ): Omit<JobPause, 'at'> {
    if (until === undefined || until === null) return { by, reason, until: null };
    const instant = checkedInstant(until, 'until', spot);
    if (instant > this.parts.clock.now()) return { by, reason, until: instant };
    const message = `is ${new Date(instant).toISOString()}, which is past. Give an instant to come, or leave it out.`;
    refuse([{ place: spot.place, option: 'until', value: until, message }]);
    return { by, reason, until: null };
  }

  private windowOf(from: InstantInput, to: InstantInput | undefined, method: string): [Instant, Instant] {
    const spot = { place: placeOf(method), zone: this.parts.options.timezone };
    if (to !== undefined) return this.window(from, to, spot);
    const start = checkedInstant(from, 'from', spot);
    return [start, start + DAY];
  }

  private window(from: InstantInput, to: InstantInput, spot: { place: string; zone: string }): [Instant, Instant] {
    const [start, end] = [checkedInstant(from, 'from', spot), checkedInstant(to, 'to', spot)];
    if (start <= end) return [start, end];
    refuse([
      {
        place: spot.place,
        option: 'to',
        value: to,
        message: `is ${show(to)} and before from, ${show(from)}. Exchange them.`,
      },
    ]);
    return [start, end];
  }
}

type Nullable<T> = { [K in keyof T]: T[K] | null };

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
