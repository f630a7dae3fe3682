import type { Link, LiveRun } from '../live-run.js';

/** Says that the attempt begins: after the conditions, for a run that they leave out has none. */
export function announced(next: Link, onStart: (run: LiveRun) => void): Link {
  return (run, done) => {
    run.hasBegun = true;
    onStart(run);
    next(run, done);
  };
}
