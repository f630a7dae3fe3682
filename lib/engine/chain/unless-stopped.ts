import { stopped } from '../ending.js';
import type { Done, LiveRun, Start } from '../live-run.js';

/**
 * Goes no further with a run that was asked to stop while a hook was called. Its outcome may be written by now, and
 * another node may have taken it over: a handler that is called all the same would run for nobody, or twice.
 */
export function unlessStopped(start: Start): Start {
  return (run) => (run.stopError === null ? start(run) : stopped('cancelled', run.stopError, false));
}

/** Goes on with a run after something was waited for: whatever it ends like is told. */
export function goOnLater(start: Start, done: Done, run: LiveRun): void {
  const ending = start(run);
  if (ending !== null) done(run, ending);
}
