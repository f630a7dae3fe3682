import { stopped } from '../ending.js';
import type { Link } from '../live-run.js';

/**
 * Goes no further with a run that was asked to stop while a hook was waited for. Its outcome may be written by now, and
 * another node may have taken it over: a handler that is called all the same would run for nobody, or twice.
 */
export function unlessStopped(next: Link): Link {
  return (run, done) => {
    if (run.stopError === null) next(run, done);
    else done(stopped('cancelled', run.stopError, false));
  };
}
