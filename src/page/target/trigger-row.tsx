import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { TriggerView } from '../../http/guard-api.js';
import { SeriesChart } from '../chart/series-chart.js';
import { useLive } from '../live/live.js';
import { Badge } from '../view/badge.js';
import { Instant } from '../view/times.js';
import { useVisible } from '../view/use-visible.js';
import { ModeMark } from '../view/mode-mark.js';
import { AlertLine } from './alert-line.js';
import { triggerState, worstAlert } from './trigger-state.js';

const MOST_ALERTS = 20;

/**
 * One trigger. A row that is not on the screen is not drawn again when its values change, and has no chart: there may
 * be a thousand.
 */
export function TriggerRow({ triggerKey }: { readonly triggerKey: string }): JSX.Element {
  const [row, isVisible] = useVisible<HTMLLIElement>();
  const shown = useRef<TriggerView | undefined>(undefined);
  const trigger = useLive(({ triggers }) => (shown.current = isVisible || shown.current === undefined ? triggers.get(triggerKey) : shown.current));
  return (
    <li class="trigger" ref={row}>
      {trigger !== undefined && <Content trigger={trigger} isVisible={isVisible} />}
    </li>
  );
}

function Content({ trigger, isVisible }: { readonly trigger: TriggerView; readonly isVisible: boolean }): JSX.Element {
  const { name, severity, condition, window, health, message, alerts, mode, query, source } = trigger;
  const worst = worstAlert(trigger);
  const state = triggerState(trigger);
  return (
    <>
      <div class="trigger-head">
        <Badge {...state} />
        <h3>{name}</h3>
        <span class="facts">
          <span class={`severity ${severity}`}>{severity}</span>
          <ModeMark mode={mode} />
          <span class="dim">
            {condition} {window}
          </span>
        </span>
      </div>
      {health === 'err' && (
        <p class="blind-note">
          Belay does not see this: {message ?? 'the source gives no known value'}.{' '}
          {worst?.valueAt !== undefined && (
            <>
              The last known value, {worst.value}, is from <Instant at={worst.valueAt} />.
            </>
          )}
        </p>
      )}
      {worst !== undefined && <AlertLine alert={worst} isBlind={health === 'err'} hasLabels={alerts.length > 1} />}
      <div class="chart-place">{isVisible && <SeriesChart trigger={trigger} />}</div>
      {isVisible && (
        <details>
          <summary>{alerts.length > 1 ? `Query and all ${alerts.length} series` : 'Query'}</summary>
          <p class="dim">
            Asked of {source}: <code>{query}</code>
          </p>
          {alerts.length > 1 && (
            <ul class="alerts">
              {alerts.slice(0, MOST_ALERTS).map((alert) => (
                <li key={alert.fingerprint}>
                  <AlertLine alert={alert} isBlind={alert.health === 'err'} hasLabels />
                </li>
              ))}
              {alerts.length > MOST_ALERTS && <li class="dim">and {alerts.length - MOST_ALERTS} more</li>}
            </ul>
          )}
        </details>
      )}
    </>
  );
}
