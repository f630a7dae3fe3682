/** Begins to count; the answer tells the milliseconds of processor time of this process since: others may have taken theirs. */
export function processorTime(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
}
