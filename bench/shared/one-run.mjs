/** Does the work of one claim; answers its settlement, as the engine makes it. */
export function runOne(claim, work, clock) {
  const startedAt = clock.now();
  work(claim.job.args);
  // A literal, as the engine's: an object that is put together of others costs more than all that the store does with it.
  return {
    kind: 'outcome',
    runId: claim.runId,
    jobId: claim.jobId,
    token: claim.token,
    at: clock.now(),
    attempt: claim.run.attempt,
    startedAt,
    outcome: 'succeeded',
    reason: null,
    detail: null,
    error: null,
    result: null,
    output: null,
    keepHistory: claim.job.policy.keepHistory,
    afterwards: null,
  };
}
