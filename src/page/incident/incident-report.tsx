import type { JSX } from 'preact';
import type { Incident } from '../../incident/incident.js';
import type { Plot } from '../../plot/plot.js';
import { plotSvg } from '../../plot/plot-svg.js';
import { ask, askJson } from '../session/api.js';
import { useAnswer } from '../actions/use-answer.js';
import { useDark } from '../view/use-dark.js';

/** On a narrow screen a plot is drawn for it, so that its words can be read. */
const NARROW = 640;
const NARROW_PLOT = 420;
const WIDE_PLOT = 960;

/** The series before, during and after, drawn as in the report, and the report itself to keep. */
export function IncidentReport({ incident }: { readonly incident: Incident }): JSX.Element {
  return (
    <section aria-labelledby="plots">
      <div class="section-head">
        <h2 id="plots">Before, during and after</h2>
        <span class="buttons">
          <SaveReport id={incident.id} format="html" name="HTML" />
          <SaveReport id={incident.id} format="markdown" name="Markdown" />
        </span>
      </div>
      <div class="plots">
        <Plots incident={incident} />
      </div>
    </section>
  );
}

function Plots({ incident: { id, status, rungs, alerts } }: { readonly incident: Incident }): JSX.Element {
  // Anew when the story has gone on: the sources are asked for it.
  const answer = useAnswer((signal) => askJson<{ plots: readonly Plot[] }>(`/api/v1/incidents/${encodeURIComponent(id)}/report?format=json`, { signal }), [id, status, rungs.length, alerts.length]);
  const isDark = useDark();
  if (answer.kind === 'waiting') return <p class="dim">Asking the sources …</p>;
  if (answer.kind === 'refused') return <p class="error">{answer.message}</p>;
  const { plots } = answer.value;
  if (plots.length === 0) return <p class="dim">The sources remember nothing that could be drawn.</p>;
  return (
    <>
      {plots.map((plot) => (
        <figure key={plot.description}>
          <figcaption class="dim">{plot.description}</figcaption>
          <img alt={plot.description} src={`data:image/svg+xml,${encodeURIComponent(plotSvg(plot, { theme: isDark ? 'dark' : 'light', width: innerWidth < NARROW ? NARROW_PLOT : WIDE_PLOT }))}`} />
        </figure>
      ))}
    </>
  );
}

interface SaveReportProps {
  readonly id: string;
  readonly format: 'html' | 'markdown';
  readonly name: string;
}

function SaveReport({ id, format, name }: SaveReportProps): JSX.Element {
  const save = async (): Promise<void> => {
    const answer = await ask(`/api/v1/incidents/${encodeURIComponent(id)}/report?format=${format}`, { accept: '*/*' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${id}.${format === 'html' ? 'html' : 'md'}`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" class="quiet" onClick={() => void save()}>
      Save report as {name}
    </button>
  );
}
