/**
 * Runs what goes on until somebody leaves: its signal aborts with ctrl-c, SIGTERM, or when nobody reads the output any
 * more. All three are the end that was meant, so nothing is thrown for them.
 */
export async function untilLeft(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  process.stdout.once('error', leave);
  process.stdout.once('close', leave);
  try {
    await work(leaving.signal);
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', leave);
    process.off('SIGTERM', leave);
    process.stdout.off('error', leave);
    process.stdout.off('close', leave);
  }
}
