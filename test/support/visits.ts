/** People who look at an address a few times a second, whatever it answers. */
export function startVisits(url: string, everyMs = 100): { stop(): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const visit = fetch(url, { signal: AbortSignal.timeout(2_000) })
      .then((answer) => answer.arrayBuffer())
      .then(
        () => undefined,
        () => undefined, // Nobody answers: the visitor comes again.
      )
      .finally(() => underWay.delete(visit));
    underWay.add(visit);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}
