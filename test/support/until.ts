const WAITED_AT_MOST = 50_000;

/** Waits until it is so; a test that waits in vain fails, and leaves nothing that goes on waiting. */
export async function until(isSo: () => unknown): Promise<void> {
  const end = performance.now() + WAITED_AT_MOST;
  while (!(await isSo())) {
    if (performance.now() > end)
      throw new Error(`It has not come about within ${WAITED_AT_MOST} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
