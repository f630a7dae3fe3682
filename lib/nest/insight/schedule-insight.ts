import { PREVIEW_LIMIT } from '../../engine/index.js';
import { isShared } from '../options/definition.js';
import { previewEntry } from '../registry/insight.js';
import { Job } from '../registry/job.js';
import { storedTriggerView } from '../registry/trigger-view.js';
import { calendarFeed } from './calendar-feed.js';
import { previewReport } from './preview-report.js';
import { scheduleChanges } from './schedule-changes.js';
import { lintSchedule } from './schedule-lint.js';
import type { Instant } from '../../core/index.js';
import type { PreviewEntry } from '../registry/insight.js';
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

  async preview([from, to]: Window, filter: PreviewFilter): Promise<PreviewEntry[]> {
    return (await this.parts.scheduler.preview(from, to, filter)).map(previewEntry);
  }

  async report(window: Window, { timezone, ...filter }: ReportFilter): Promise<PreviewReport> {
    const shown = timezone ?? this.parts.options.timezone;
    const zones = new Map((await this.parts.scheduler.list()).map(({ job }) => [job.id, job.timezone]));
    const entries = await this.preview(window, filter);
    return previewReport(entries, { timezone: shown, zoneOf: (id) => zones.get(id) ?? shown, limit: PREVIEW_LIMIT });
  }

  async calendar(window: Window, filter: PreviewFilter): Promise<string> {
    const { scheduler, options, clock } = this.parts;
    const entries = await this.preview(window, filter);
    const jobs = new Map((await scheduler.list()).map(({ job, store }) => [job.id, { job, store }]));
    return calendarFeed(entries, {
      application: options.application,
      now: new Date(clock.now()),
      jobOf: (id) => {
        const found = jobs.get(id);
        return found === undefined ? undefined : Job.ofRecord(found.job, { store: found.store, parts: this.parts });
      },
    });
  }

  async diff(): Promise<ScheduleChanges> {
    return scheduleChanges(await this.parts.scheduler.diff(), this.parts);
  }

  async lint(): Promise<LintFinding[]> {
    const { scheduler, triggers, options, clock } = this.parts;
    const [kept, { added }] = [await scheduler.list(), await scheduler.diff()];
    const jobs = [...kept, ...added].flatMap(({ job, store }) =>
      storedTriggerView(job.trigger, triggers).kind === 'unreadable'
        ? []
        : [{ job, trigger: triggers.decode(job.trigger), isShared: isShared(options.stores[store]) }],
    );
    return lintSchedule(jobs, clock.now());
  }
}
