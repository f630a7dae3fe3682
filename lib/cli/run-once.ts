import { isShared } from '../nest/index.js';
import type { CommandParts } from './command.js';

const MINUTE = 60_000;

/**
 * Runs what falls in the current minute, in this process, and waits for it. Jobs of a shared store are claimed as by any
 * node, so a second call in the same minute finds them done (P31); memory jobs are new in each process, and what lies
 * between the minute's beginning and now is made up for.
 */
export async function runDueOnce({ assembly, registry }: Pick<CommandParts, 'assembly' | 'registry'>): Promise<void> {
  const { clock, scheduler, options } = assembly;
  const now = clock.now();
  const minute = Math.floor(now / MINUTE) * MINUTE;
  for (const { job, store } of await scheduler.list({ status: ['active'] })) {
    if (isShared(options.stores[store]) || job.pause !== null) continue;
    const first = assembly.triggers.decode(job.trigger).next(minute - 1);
    if (first !== null && first <= now) await registry.backfill(job.id, { from: new Date(minute), to: new Date(now) });
  }
  await untilLast(assembly, minute + MINUTE - 1);
  await scheduler.idle();
}

/** Until the last fire time of this minute has come. */
async function untilLast({ clock, scheduler }: CommandParts['assembly'], end: number): Promise<void> {
  for (;;) {
    const last = (await scheduler.preview(clock.now(), end)).at(-1);
    if (last === undefined) return;
    await new Promise<void>((resolve) => void clock.wakeAt(last.dueAt + 1, resolve));
  }
}
