import type { Awaitable, JobHooks } from '../../core/index.js';
import { failed } from '../ending.js';
import type { Link } from '../live-run.js';
import { isPromise } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';
import type { Round } from './call-hooks.js';
import { goOnLater, unlessStopped } from './unless-stopped.js';

const EACH: Round = { call: callHook, ends: () => false };

/** Calls the `before` hooks; one that throws fails the attempt, and the handler is not called. */
export function beforeHooks(next: Link, hooks: JobHooks): Link {
  const { before } = hooks;
  if (before === undefined || before.length === 0) return next;
  return (done) => {
    const start = unlessStopped(next(done));
    return (run) => {
      let answer: Awaitable<unknown>;
      try {
        answer = firstThat(before, EACH, run);
      } catch (error) {
        return failed(error);
      }
      if (!isPromise(answer)) return start(run);
      answer.then(
        () => goOnLater(start, done, run),
        (error: unknown) => done(run, failed(error)),
      );
      return null;
    };
  };
}
