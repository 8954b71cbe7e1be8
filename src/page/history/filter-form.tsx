import type { JSX } from 'preact';
import { useLive } from '../live/live.js';
import { goTo } from '../session/place.js';
import { historyStates, type HistoryFilter } from '../session/route.js';

const stateNames: Readonly<Record<(typeof historyStates)[number], string>> = { open: 'open', 'needs-human': 'needs a person', recovered: 'recovered', closed: 'closed by hand' };
const spans = [1, 7, 30, 90] as const;

/** The filter of the history; it is kept in the address, so that a link shows the same. */
export function FilterForm({ filter }: { readonly filter: HistoryFilter }): JSX.Element {
  const names = useLive(({ status }) => JSON.stringify((status?.targets ?? []).map(({ name }) => name)));
  const targets = JSON.parse(names) as readonly string[];
  const change = (part: Partial<HistoryFilter>): void => goTo({ view: 'incidents', filter: { ...filter, ...part } }, { replace: true });
  return (
    <form class="filter" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      <label>
        Target
        <select value={filter.target ?? ''} onChange={({ currentTarget: { value } }) => change({ target: value === '' ? undefined : value })}>
          <option value="">all</option>
          {filter.target !== undefined && !targets.includes(filter.target) && <option>{filter.target}</option>}
          {targets.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        State
        <select value={filter.state ?? ''} onChange={({ currentTarget: { value } }) => change({ state: historyStates.find((state) => state === value) })}>
          <option value="">any</option>
          {historyStates.map((state) => (
            <option key={state} value={state}>
              {stateNames[state]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Began
        <select value={String(filter.days ?? '')} onChange={({ currentTarget: { value } }) => change({ days: value === '' ? undefined : Number(value) })}>
          <option value="">at any time</option>
          {[...new Set([...spans, ...(filter.days === undefined ? [] : [filter.days])])].map((days) => (
            <option key={days} value={String(days)}>
              {days === 1 ? 'in the last day' : `in the last ${days} days`}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
