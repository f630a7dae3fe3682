import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from 'nest-carillon';
import type { Run, SchedulerNode } from 'nest-carillon';
import { settings } from '../settings.js';

/** One line of the page. */
export interface RunLine {
  readonly id: string;
  readonly job: string;
  readonly fireTime: Date;
  readonly state: string;
  readonly attempt: number;
  /** Name of the node that ended it; while it runs, the process that has it. */
  readonly node: string;
  readonly pid: number | null;
}

export interface ClusterView {
  readonly nodes: readonly { readonly pid: number; readonly startedAt: Date }[];
  readonly runs: readonly RunLine[];
}

/** What the store knows of all processes: the same on whichever of them is asked. */
@Injectable()
export class ClusterPage {
  constructor(private readonly scheduler: SchedulerRegistry) {}

  async view(): Promise<ClusterView> {
    const nodes = await this.scheduler.nodes();
    const { runs } = await this.scheduler.runs({ limit: 40 });
    return {
      nodes: nodes.map(({ pid, startedAt }) => ({ pid, startedAt })),
      runs: runs.map((run) => line(run, nodes)),
    };
  }

  html({ nodes, runs }: ClusterView): string {
    const live = nodes.map(({ pid, startedAt }) => row([`process ${pid}`, `since ${clock(startedAt)}`]));
    const rows = runs.map((run) => row([run.job, clock(run.fireTime), run.node, `attempt ${run.attempt}`, run.state]));
    return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>${settings.name}</title>
<style>body { font: 15px system-ui; margin: 2em } td { padding: 0 2em 0 0 } table { margin-bottom: 2em }</style>
<h1>${settings.name}, process ${process.pid}</h1>
<h2>Live nodes</h2><table>${live.join('')}</table>
<h2>Runs</h2><table>${rows.join('')}</table>`;
  }
}

function line(run: Run, nodes: readonly SchedulerNode[]): RunLine {
  const pid = nodes.find(({ id }) => id === run.node)?.pid ?? null;
  const { ranOn } = (run.result ?? {}) as { ranOn?: string };
  const { id, jobId: job, fireTime, state, attempt } = run;
  return { id, job, fireTime, state, attempt, pid, node: ranOn ?? (pid === null ? '' : `process ${pid}`) };
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function clock(instant: Date): string {
  return instant.toISOString().slice(11, 19);
}
