const MINUTE = 60_000;

/**
 * What `work` answers when no minute begins meanwhile; when one does, it is done anew. For commands that look at the minute
 * they are started in. The work takes seconds, so the second time is the last.
 */
export async function inOneMinute<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    const minute = minuteOf(Date.now());
    const answer = await work();
    if (minuteOf(Date.now()) === minute) return answer;
  }
}

function minuteOf(now: number): number {
  return Math.floor(now / MINUTE);
}
