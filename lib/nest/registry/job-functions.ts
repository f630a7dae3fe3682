import type { HookFunction } from '../options/index.js';
import type { TaskFunction } from './registry-options.js';

interface Kept {
  readonly tasks: ReadonlyMap<string, TaskFunction>;
  readonly hooks: ReadonlyMap<string, HookFunction>;
}

const NONE: Kept = { tasks: new Map(), hooks: new Map() };

/** Functions that one job brings, under the names that its row keeps. Most bring none: maps are made on first use. */
export class BroughtFunctions implements Kept {
  private ownTasks: Map<string, TaskFunction> | null = null;
  private ownHooks: Map<string, HookFunction> | null = null;

  get tasks(): ReadonlyMap<string, TaskFunction> {
    return this.ownTasks ?? NONE.tasks;
  }

  get hooks(): ReadonlyMap<string, HookFunction> {
    return this.ownHooks ?? NONE.hooks;
  }

  addTask(name: string, task: TaskFunction): void {
    (this.ownTasks ??= new Map<string, TaskFunction>()).set(name, task);
  }

  addHook(name: string, hook: HookFunction): void {
    (this.ownHooks ??= new Map<string, HookFunction>()).set(name, hook);
  }
}

/**
 * Functions that memory jobs of this process were added with, under the names that their rows keep. They are kept by
 * job, so that a replaced or removed job leaves none behind.
 */
export class JobFunctions {
  private readonly byJob = new Map<string, Kept>();

  /** Keeps a job's functions instead of those it had; answers how to undo that when the job is refused. */
  keep(jobId: string, functions: Kept): () => void {
    const before = this.byJob.get(jobId);
    if (before === undefined && functions.tasks.size + functions.hooks.size === 0) return nothing;
    this.set(jobId, functions);
    return () => this.set(jobId, before ?? NONE);
  }

  /** Keeps more functions of a job beside those it has; answers how to undo that. */
  extend(jobId: string, more: Kept): () => void {
    const before = this.byJob.get(jobId) ?? NONE;
    return this.keep(jobId, {
      tasks: new Map([...before.tasks, ...more.tasks]),
      hooks: new Map([...before.hooks, ...more.hooks]),
    });
  }

  drop(jobId: string): void {
    this.byJob.delete(jobId);
  }

  /** null: no job of this process has a function of that name. */
  task(name: string): TaskFunction | null {
    return this.byJob.get(jobIdOf(name))?.tasks.get(name) ?? null;
  }

  /** null: no job of this process has a condition or hook of that name. */
  hook(name: string): HookFunction | null {
    return this.byJob.get(jobIdOf(name))?.hooks.get(name) ?? null;
  }

  private set(jobId: string, functions: Kept): void {
    if (functions.tasks.size + functions.hooks.size === 0) this.byJob.delete(jobId);
    else this.byJob.set(jobId, functions);
  }
}

function nothing(): void {
  // Nothing was kept.
}

const MARK = '()#';

/** Name of a function of a job; `part` tells several of one job apart. */
export function functionName(fn: { readonly name: string }, jobId: string, part = ''): string {
  const own = fn.name.replaceAll(MARK, '') || 'function';
  return `${own}${part === '' ? '' : ` ${part}`}${MARK}${jobId}`;
}

function jobIdOf(name: string): string {
  const at = name.indexOf(MARK);
  return at < 0 ? name : name.slice(at + MARK.length);
}
