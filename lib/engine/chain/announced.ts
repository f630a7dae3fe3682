import type { Link, LiveRun } from '../live-run.js';

/** Says that the attempt begins: after the conditions, for a run that they leave out has none. */
export function announced(next: Link, onStart: (run: LiveRun) => void): Link {
  return (done) => {
    const start = next(done);
    return (run) => {
      run.hasBegun = true;
      onStart(run);
      return start(run);
    };
  };
}
