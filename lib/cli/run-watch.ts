import { SchedulerEvent } from '../nest/index.js';
import { localTime } from './times.js';
import type { Assembly } from '../nest/index.js';
import type { Terminal } from './terminal.js';

type EventType = Parameters<Assembly['events']['on']>[0];

/** A store that does not answer. */
export interface Outage {
  readonly store: string;
  readonly detail: string;
}

export interface OpenRun {
  readonly jobId: string;
  readonly executor: string;
}

const ENDINGS = ['run.failed', 'run.timedOut', 'run.cancelled', 'run.lost'] as const;

/** Listens from before the start: tells each run that starts or ends, and knows what is open and which store is away. */
export class RunWatch {
  failures = 0;
  /** Runs that were started here and have not ended; some wait to be tried again. */
  readonly open = new Map<string, OpenRun>();
  private readonly outages = new Map<string, Outage>();
  private changed: () => void = () => undefined;

  constructor(
    private readonly assembly: Assembly,
    private readonly parts: { readonly terminal: Terminal; readonly asJson: boolean },
  ) {
    this.listenToRuns();
    this.listenToStores();
  }

  get outage(): Outage | null {
    return [...this.outages.values()][0] ?? null;
  }

  /** Resolves with a store that has not answered for so many milliseconds. */
  async givenUp(limit: number): Promise<Outage> {
    const { clock } = this.assembly;
    for (;;) {
      const { outage } = this;
      const isOver = new Promise<null>((resolve) => (this.changed = () => resolve(null)));
      if (outage === null) {
        await isOver;
        continue;
      }
      let stop = (): void => undefined;
      const late = new Promise<Outage>((resolve) => {
        const timer = clock.after(limit, () => resolve(outage));
        stop = () => timer.cancel();
      });
      const found = await Promise.race([late, isOver]);
      stop();
      if (found !== null) return found;
    }
  }

  private listenToStores(): void {
    const { events } = this.assembly;
    events.on('store.failed', ({ store, detail, error }) => {
      const alias = store ?? '';
      if (this.outages.has(alias)) return;
      this.outages.set(alias, { store: alias, detail: error instanceof Error ? error.message : (detail ?? '') });
      this.changed();
    });
    events.on('store.recovered', ({ store }) => {
      this.outages.delete(store ?? '');
      this.changed();
    });
  }

  private listenToRuns(): void {
    const { colours } = this.parts.terminal;
    this.on('run.started', ({ run, job }) => {
      if (run !== null) this.open.set(run.id, { jobId: run.jobId, executor: job?.executor ?? '' });
      return `started, run ${run?.id ?? ''}`;
    });
    this.on('run.retrying', ({ run }) => colours.yellow(`failed, will be tried again: ${run?.error?.message ?? ''}`));
    this.on('run.succeeded', ({ run }) => this.ended(run, colours.green(`succeeded in ${run?.durationMs ?? 0} ms`)));
    this.on('run.skipped', ({ run }) => this.ended(run, colours.dim(`skipped (${run?.reason ?? ''})`)));
    for (const type of ENDINGS) {
      this.on(type, ({ run }) => {
        this.failures++;
        return this.ended(run, colours.red(`${type.slice(4)}: ${run?.error?.message ?? run?.detail ?? ''}`));
      });
    }
  }

  private ended(run: SchedulerEvent['run'], what: string): string {
    if (run !== null) this.open.delete(run.id);
    return what;
  }

  private on(type: EventType, what: (event: SchedulerEvent) => string): void {
    const { assembly } = this;
    const { terminal, asJson } = this.parts;
    const { colours } = terminal;
    assembly.events.on(type, (fact) => {
      const event = new SchedulerEvent(fact, assembly);
      const text = what(event);
      if (asJson) terminal.out(JSON.stringify(event));
      else {
        const at = localTime(event.at, assembly.options.timezone);
        terminal.out(`${colours.dim(at)}  ${colours.bold(event.job?.id ?? '')}  ${text}`);
      }
    });
  }
}
