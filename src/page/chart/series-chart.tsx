import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TriggerSeriesView, TriggerView } from '../../http/guard-api.js';
import { serverClock } from '../live/server-clock.js';
import { askJson } from '../session/api.js';
import { chartText } from './chart-text.js';
import type { DrawnSeries } from './draw-series.js';
import { columnsOf, linesOf, MOST_LINES, withNewest, type Line } from './series-points.js';

const SHOWN_MS = 30 * 60_000;

/** The live series of a trigger against its threshold: what the daemon remembers, and each point that comes. */
export function SeriesChart({ trigger }: { readonly trigger: TriggerView }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<DrawnSeries | undefined>(undefined);
  const lines = useRef<readonly Line[]>([]);
  const [isLoaded, setIsLoaded] = useState(false);
  const { target, name } = trigger;

  useEffect(() => {
    const controller = new AbortController();
    void load(controller.signal);
    return () => {
      controller.abort();
      drawn.current?.destroy();
    };

    async function load(signal: AbortSignal): Promise<void> {
      const since = Math.max(0, Math.round((serverClock.now ?? 0) - SHOWN_MS));
      const path = `/api/v1/triggers/${encodeURIComponent(target)}/${encodeURIComponent(name)}/series?since=${since}`;
      // Without the past, the chart begins now.
      const past = await askJson<TriggerSeriesView>(path, { signal }).catch(() => undefined);
      const { drawSeries } = await import('./draw-series.js');
      if (signal.aborted || place.current === null) return;
      lines.current = past === undefined ? [] : linesOf(past);
      drawn.current = drawSeries(place.current, trigger.threshold);
      setIsLoaded(true);
    }
  }, [target, name]);

  const columns = useMemo(() => {
    lines.current = withNewest(lines.current, trigger);
    return columnsOf(lines.current.slice(0, MOST_LINES));
  }, [trigger, isLoaded]);
  useEffect(() => drawn.current?.show(columns), [columns]);
  return <div class="chart" ref={place} role="img" aria-label={chartText(trigger, columns)} />;
}
