import { jobOptionFaults } from '../options/index.js';
import { givenId, type JobDraft } from './job-draft.js';
import { nameDrafts, type NamedDraft } from './job-ids.js';
import { overridden } from './override.js';
import type { ConfiguredJob, OptionFault } from '../options/index.js';
import type { TriggerRule } from './trigger-rule.js';

/** What `forRoot({ jobs })` may name. */
export interface Nameable {
  /** Whether configuration may name this task. */
  has(task: string): boolean;
  /** For a message. */
  names(): readonly string[];
}

export interface Merged {
  readonly named: readonly NamedDraft[];
  readonly faults: readonly OptionFault[];
}

/**
 * Jobs of the code and of `forRoot({ jobs })` together. An id that code defines is overridden field by field; a task
 * without a trigger that names a decorated method gives that method's job without id this id; the rest are new jobs.
 *
 * @throws {DuplicateJobError} naming both places
 */
export function mergeConfigured(
  drafts: readonly JobDraft[],
  jobs: Readonly<Record<string, string | ConfiguredJob>>,
  nameable: Nameable,
  isShared: (draft: JobDraft) => boolean,
): Merged {
  const merge = new Merge(drafts, nameable);
  const rest = entriesOf(jobs).filter((entry) => !merge.overrides(entry) && !merge.givesId(entry));
  const { named, faults } = nameDrafts(merge.drafts, isShared);
  const byId = new Map(named.map((it) => [it.id, it]));
  for (const entry of rest) {
    const found = byId.get(entry.id);
    byId.set(entry.id, {
      id: entry.id,
      draft: found === undefined ? merge.newJob(entry) : merge.changed(found.draft, entry),
    });
  }
  return { named: [...byId.values()], faults: [...merge.faults, ...faults] };
}

interface Entry {
  readonly id: string;
  readonly place: string;
  readonly job: ConfiguredJob;
}

function entriesOf(jobs: Readonly<Record<string, string | ConfiguredJob>>): Entry[] {
  return Object.entries(jobs).map(([id, given]) => ({
    id,
    place: `SchedulerModule.forRoot jobs.${id}`,
    job: typeof given === 'string' ? { task: given } : given,
  }));
}

class Merge {
  readonly drafts: JobDraft[];
  readonly faults: OptionFault[] = [];
  /** Where the first draft is that gives an id; those without one, by their task. Code may define thousands. */
  private readonly byId = new Map<string, number>();
  private readonly withoutId = new Map<string, number[]>();

  constructor(
    drafts: readonly JobDraft[],
    private readonly nameable: Nameable,
  ) {
    this.drafts = [...drafts];
    this.drafts.forEach((draft, place) => this.note(draft, place));
  }

  /** Code gives this id to one of its jobs. */
  overrides(entry: Entry): boolean {
    return this.replace(this.byId.get(entry.id), entry);
  }

  /** The entry names a decorated method that has a job without an id. */
  givesId(entry: Entry): boolean {
    const { task } = entry.job;
    if (task === undefined || ruleOf(entry.job) !== null) return false;
    return this.replace(this.withoutId.get(task)?.shift(), entry);
  }

  changed(draft: JobDraft, { id, place, job }: Entry): JobDraft {
    const { task = draft.task } = job;
    const rule = ruleOf(job) ?? draft.rule;
    // Its own spellings of the interval go with an interval that is replaced.
    const { fixedDelay, initialDelay, ...others } = draft.options;
    const kept = rule.kind === 'interval' ? { ...others, fixedDelay, initialDelay } : others;
    const options = { ...overridden(kept, optionsOf(job)), id };
    // What code itself names need not be nameable from outside.
    if (task !== draft.task) this.checkTask(task, place);
    this.faults.push(...jobOptionFaults(options, { place, trigger: rule.kind === 'interval' ? 'interval' : 'other' }));
    const work = task === draft.task ? draft.work : undefined;
    return { place: `${draft.place}, ${place}`, task, rule, options, ...(work === undefined ? {} : { work }) };
  }

  newJob({ id, place, job }: Entry): JobDraft {
    const rule = ruleOf(job);
    if (job.task === undefined) this.fault(place, 'task', undefined, this.missingTask(id));
    else this.checkTask(job.task, place);
    if (job.task !== undefined && rule === null) this.fault(place, 'trigger', undefined, this.missingTrigger(job.task));
    const options = { ...optionsOf(job), id };
    return { place, task: job.task ?? id, rule: rule ?? { kind: 'at', when: undefined }, options };
  }

  private note(draft: JobDraft, place: number): void {
    const id = givenId(draft);
    if (id !== null) {
      if (!this.byId.has(id)) this.byId.set(id, place);
      return;
    }
    const places = this.withoutId.get(draft.task);
    if (places === undefined) this.withoutId.set(draft.task, [place]);
    else places.push(place);
  }

  private replace(place: number | undefined, entry: Entry): boolean {
    if (place === undefined) return false;
    this.drafts[place] = this.changed(this.drafts[place], entry);
    return true;
  }

  private checkTask(task: string, place: string): void {
    if (this.nameable.has(task)) return;
    this.fault(place, 'task', task, `names no task: '${task}'. ${this.known()}`);
  }

  private missingTask(id: string): string {
    return `is missing, and no job of the code has the id '${id}'. Name a task, or correct the id. ${this.known()}`;
  }

  private missingTrigger(task: string): string {
    const others = this.drafts.filter((draft) => draft.task === task).map((draft) => `'${givenId(draft)}'`);
    const instead = others.length === 0 ? '' : ` ${task} has the job ${others.join(', ')}: override it under that id.`;
    return `is missing, and ${task} has no job without an id.${instead} Give cron, every, at or trigger.`;
  }

  private known(): string {
    const names = this.nameable.names();
    const list = names.length === 0 ? 'none' : names.slice(0, 20).join(', ');
    return `Configuration may name methods with a scheduling decorator or @Task(), and names of forFeature({ tasks }): ${list}.`;
  }

  private fault(place: string, option: string, value: unknown, message: string): void {
    this.faults.push({ place, option, value, message });
  }
}

function ruleOf({ cron, every, at, trigger }: ConfiguredJob): TriggerRule | null {
  if (cron !== undefined) return { kind: 'cron', when: cron };
  if (every !== undefined) return { kind: 'interval', length: every };
  if (at !== undefined) return { kind: 'at', when: at };
  return trigger === undefined ? null : { kind: 'trigger', trigger };
}

function optionsOf(job: ConfiguredJob): Omit<ConfiguredJob, 'task' | 'cron' | 'every' | 'at' | 'trigger'> {
  const { task: _task, cron: _cron, every: _every, at: _at, trigger: _trigger, ...options } = job;
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
