import type { JobHooks } from '../../core/index.js';
import { failed } from '../ending.js';
import type { Link } from '../live-run.js';
import { settled } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';
import { unlessStopped } from './unless-stopped.js';

const never = (): boolean => false;

/** Calls the `before` hooks; one that throws fails the attempt, and the handler is not called. */
export function beforeHooks(next: Link, hooks: JobHooks): Link {
  const { before } = hooks;
  if (before === undefined || before.length === 0) return next;
  const goOn = unlessStopped(next);
  return (run, done) =>
    settled(
      () => firstThat(before, (hook) => callHook(hook, run), never),
      () => goOn(run, done),
      (error) => done(failed(error)),
    );
}
