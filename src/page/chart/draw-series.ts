import uPlot from 'uplot';
import type { ThresholdView } from '../../http/guard-api.js';
import { formatValue } from '../../source/condition.js';
import { blindSpans, MOST_LINES, type Columns } from './series-points.js';

/** A chart in the page; its colours are those of the page, and change with them. */
export interface DrawnSeries {
  show(columns: Columns): void;
  destroy(): void;
}

const HEIGHT = 96;
const AXIS_WIDTH = 52;
const darkMode = matchMedia('(prefers-color-scheme: dark)');

export function drawSeries(place: HTMLElement, threshold: ThresholdView): DrawnSeries {
  let columns: Columns = [[]];
  let chart: uPlot | undefined;
  const draw = (): void => {
    chart?.destroy();
    chart = new uPlot(optionsFor(place, threshold, columns), dataOf(columns), place);
  };
  const resized = new ResizeObserver(() => chart?.setSize({ width: place.clientWidth, height: HEIGHT }));
  resized.observe(place);
  darkMode.addEventListener('change', draw);
  return {
    show: (next) => {
      const isSame = next.length === columns.length;
      columns = next;
      if (chart === undefined || !isSame) draw();
      else chart.setData(dataOf(columns));
    },
    destroy: () => {
      resized.disconnect();
      darkMode.removeEventListener('change', draw);
      chart?.destroy();
      chart = undefined;
    },
  };
}

function dataOf(columns: Columns): uPlot.AlignedData {
  return columns as unknown as uPlot.AlignedData;
}

function optionsFor(place: HTMLElement, threshold: ThresholdView, columns: Columns): uPlot.Options {
  const colours = getComputedStyle(place);
  const colour = (name: string): string => colours.getPropertyValue(`--${name}`);
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: colour('dim'), font, ticks: { show: false } };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    // Half a label of the time has room at the right.
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    // Instants are UTC, as everywhere.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    scales: { x: { time: true }, y: { range: (_chart, low: number | null, high: number | null) => rangeOf(threshold.value, low, high) } },
    axes: [
      { ...axis, size: 22, space: 70, grid: { show: false }, values: [[3_600, '{HH}:{mm}'], [60, '{HH}:{mm}'], [1, '{HH}:{mm}:{ss}']].map(([incr, text]) => [incr ?? 1, text ?? '', null, null, null, null, null, null, 1]) },
      { ...axis, size: AXIS_WIDTH, space: 28, grid: { stroke: colour('rule'), width: 1 }, values: (_chart, splits) => splits.map((value) => formatValue(value, threshold.unit)) },
    ],
    series: [{}, ...columns.slice(1).map((_column, index) => ({ stroke: colour(`line-${index % MOST_LINES}`), width: 1.5, points: { show: false } }))],
    hooks: {
      drawClear: [(drawn) => shadeBlindness(drawn, colour('blind-ground'))],
      draw: [(drawn) => drawThreshold(drawn, threshold.value, colour('bad'))],
    },
  };
}

/** Room for the values, for the threshold, and for zero. */
function rangeOf(threshold: number, low: number | null, high: number | null): [number, number] {
  const least = Math.min(0, threshold, low ?? 0);
  const greatest = Math.max(0, threshold, high ?? 0);
  const air = (greatest - least || 1) * 0.12;
  return [least === 0 ? 0 : least - air, greatest + air];
}

function shadeBlindness(chart: uPlot, colour: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = colour;
  for (const [from, to] of blindSpans(chart.data as unknown as Columns)) {
    const left = Math.max(bbox.left, chart.valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(to, 'x', true));
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

function drawThreshold(chart: uPlot, value: number, colour: string): void {
  const { ctx, bbox } = chart;
  const y = Math.round(chart.valToPos(value, 'y', true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
