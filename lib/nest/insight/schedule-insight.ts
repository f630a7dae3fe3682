import { cuttable } from '../../engine/index.js';
import { isShared } from '../options/definition.js';
import { previewEntry } from '../registry/insight.js';
import { Job } from '../registry/job.js';
import { storedTriggerView } from '../registry/trigger-view.js';
import { calendarFeed } from './calendar-feed.js';
import { previewReport } from './preview-report.js';
import { scheduleChanges } from './schedule-changes.js';
import { lintSchedule } from './schedule-lint.js';
import { wallRulesOf } from '../../triggers/index.js';
import type { Instant, JobRecord, TriggerJson } from '../../core/index.js';
import type { LocatedJob } from '../../engine/index.js';
import type { WallRule } from '../../triggers/index.js';
import type { Preview, WhyAnswer } from '../registry/insight.js';
import type { PreviewFilter, ReportFilter } from '../registry/registry-options.js';
import type { RegistryParts } from '../registry/registry-parts.js';
import type { PreviewReport } from './preview-report.js';
import type { ScheduleChanges } from './schedule-changes.js';
import type { LintFinding } from './schedule-lint.js';

/** Two instants, the first not after the second. */
export type Window = readonly [from: Instant, to: Instant];

/** What is to come, and what looks wrong about it. Everything given was checked; nothing is written. */
export class ScheduleInsight {
  constructor(private readonly parts: RegistryParts) {}

  async preview([from, to]: Window, filter: PreviewFilter): Promise<Preview> {
    const fires = await this.parts.scheduler.preview(from, to, filter);
    return cuttable(fires.map(previewEntry), fires.isCut);
  }

  async report(window: Window, { timezone, ...filter }: ReportFilter): Promise<PreviewReport> {
    const shown = timezone ?? this.parts.options.timezone;
    const entries = await this.preview(window, filter);
    const due = new Set(entries.map(({ jobId }) => jobId));
    const jobs = (await this.jobs()).filter(({ job }) => due.has(job.id));
    const rules = new Map(jobs.map(({ job }) => [job.id, this.rulesOf(job)]));
    return previewReport(entries, { timezone: shown, rulesOf: (id) => rules.get(id) ?? [] });
  }

  async calendar(window: Window, filter: PreviewFilter): Promise<string> {
    const { options, clock } = this.parts;
    const entries = await this.preview(window, filter);
    const jobs = new Map((await this.jobs()).map(({ job, store }) => [job.id, { job, store }]));
    return calendarFeed(entries, {
      application: options.application,
      now: new Date(clock.now()),
      isCut: entries.isCut,
      jobOf: (id) => {
        const found = jobs.get(id);
        return found === undefined ? undefined : Job.ofRecord(found.job, { store: found.store, parts: this.parts });
      },
    });
  }

  /** Of a job that a start of this code would add; null: it would add none of that id. */
  async whyToCome(id: string): Promise<WhyAnswer | null> {
    const found = (await this.parts.scheduler.diff()).added.find(({ job }) => job.id === id);
    if (found === undefined) return null;
    const text = `"${id}" is in this code and not yet in store "${found.store}": the first start of this code adds it.`;
    return { verdict: 'notYet', text, runs: [] };
  }

  async diff(): Promise<ScheduleChanges> {
    return scheduleChanges(await this.parts.scheduler.diff(), this.parts);
  }

  async lint(): Promise<LintFinding[]> {
    const { triggers, options, clock } = this.parts;
    const jobs = (await this.jobs()).flatMap(({ job, store }) =>
      storedTriggerView(job.trigger, triggers).kind === 'unreadable'
        ? []
        : [
            {
              job,
              trigger: triggers.decode(job.trigger),
              rules: this.rulesOf(job),
              isShared: isShared(options.stores[store]),
            },
          ],
    );
    return lintSchedule(jobs, clock.now());
  }

  /** Those that are kept, and those that a start of this code would add. */
  private async jobs(): Promise<LocatedJob[]> {
    const { scheduler } = this.parts;
    return [...(await scheduler.list()), ...(await scheduler.diff()).added];
  }

  private rulesOf({ trigger }: JobRecord): WallRule[] {
    const { triggers } = this.parts;
    return wallRulesOf(JSON.parse(trigger) as TriggerJson, (json) => triggers.decode(JSON.stringify(json)));
  }
}
