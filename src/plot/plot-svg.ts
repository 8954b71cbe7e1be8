import { timeTicks, valueAxis } from './axis.js';
import { escapeMarkup } from './markup.js';
import { pixelPath, type PixelScale } from './pixel-path.js';
import { lineColour, plotClass, plotStyle, type PlotTheme } from './plot-style.js';
import { placeMarks, type PlacedMark } from './place-marks.js';
import type { Plot, PlotBand } from './plot.js';

export interface PlotOptions {
  /** Of the drawing, in pixels; it scales with its surroundings. */
  readonly width?: number;
  readonly height?: number;
  /** `auto` follows the reader's settings, where the drawing is shown by a browser. */
  readonly theme?: PlotTheme;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const STRIP_HEIGHT = 6;
const LEGEND_ROW = 18;
const MARK_ROW = 14;
/** So that ten minutes are still seen in a month. */
const LEAST_BAND_WIDTH = { pending: 1, firing: 2 } as const;

/** Draws a plot as one SVG element that needs nothing around it: no script, no style sheet, no font. */
export function plotSvg(plot: Plot, { width = 960, height = 260, theme = 'auto' }: PlotOptions = {}): string {
  const legend = plot.lines.length > 1 ? plot.lines.length : 0;
  const axis = valueAxis(valuesOf(plot), plot.unit, Math.max(2, Math.floor(height / 50)));
  const left = 12 + 7 * Math.max(...axis.ticks.map(({ text }) => text.length));
  const marks = placeMarks(plot, left, width - 12);
  const frame: Frame = { left, top: 10 + MARK_ROW * marks.rows, right: width - 12, bottom: height - 30 };
  const scale = scaleOf(plot, axis.low, axis.high, frame);
  const totalHeight = height + legend * LEGEND_ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${plotClass(theme)}" viewBox="0 0 ${width} ${totalHeight}" role="img" aria-label="${escapeMarkup(plot.description)}">`,
    `<style>${plotStyle(theme)}</style>`,
    ...axis.ticks.map(({ at, text }) => gridLine(frame, scale.y(at), text)),
    ...timeTicks(plot.fromAt, plot.toAt, Math.floor((frame.right - frame.left) / 90)).map(({ at, text }) => timeMark(frame, scale.x(at), text)),
    ...bandsOf(plot, scale, frame),
    ...plot.lines.map(({ points }, index) => `<path class="line" stroke="${lineColour(index, theme)}" d="${pixelPath(points, scale, plot.joinWithinMs)}"/>`),
    ...marks.placed.map((mark) => markLine(frame, mark)),
    ...plot.thresholds.map(({ value, text }) => thresholdLine(frame, scale.y(value), text)),
    ...(legend === 0 ? [] : plot.lines.map(({ name }, index) => legendRow(frame, height + index * LEGEND_ROW, lineColour(index, theme), name))),
    '</svg>',
  ].join('\n');
}

function* valuesOf({ lines, thresholds }: Plot): Generator<number> {
  for (const { value } of thresholds) yield value;
  for (const { points } of lines) {
    for (const { min, max } of points) {
      yield min;
      yield max;
    }
  }
}

function scaleOf({ fromAt, toAt }: Plot, low: number, high: number, frame: Frame): PixelScale {
  const perMs = (frame.right - frame.left) / Math.max(1, toAt - fromAt);
  const perUnit = (frame.bottom - frame.top) / (high - low);
  // Infinities lie on the frame.
  const within = (value: number): number => Math.min(high, Math.max(low, value));
  return { x: (at) => frame.left + (at - fromAt) * perMs, y: (value) => frame.bottom - (within(value) - low) * perUnit };
}

function gridLine({ left, right }: Frame, y: number, text: string): string {
  return `<path class="grid" d="M${left} ${px(y)}H${right}"/><text x="${left - 6}" y="${px(y + 4)}" text-anchor="end">${escapeMarkup(text)}</text>`;
}

function timeMark({ right, bottom }: Frame, x: number, text: string): string {
  // The last one must not be cut off.
  const anchor = right - x < 20 ? 'end' : 'middle';
  return `<path class="grid" d="M${px(x)} ${bottom + STRIP_HEIGHT}v4"/><text x="${px(anchor === 'end' ? right + 10 : x)}" y="${bottom + STRIP_HEIGHT + 18}" text-anchor="${anchor}">${escapeMarkup(text)}</text>`;
}

function thresholdLine({ left, right, top }: Frame, y: number, text: string): string {
  const textY = y - top < 16 ? y + 14 : y - 5;
  return `<path class="threshold" d="M${left} ${px(y)}H${right}"/><text class="threshold-text" x="${right - 4}" y="${px(textY)}" text-anchor="end">${escapeMarkup(text)}</text>`;
}

function markLine({ top, bottom }: Frame, { x, textX, row, text }: PlacedMark): string {
  const y = 11 + row * MARK_ROW;
  return `<path class="mark" d="M${px(x)} ${Math.min(y - 9, top)}V${bottom}"/><text class="mark-text" x="${px(textX)}" y="${y}">${escapeMarkup(text)}</text>`;
}

function legendRow({ left }: Frame, y: number, colour: string, name: string): string {
  return `<path class="line" stroke="${colour}" d="M${left} ${y + 6}h18"/><text x="${left + 26}" y="${y + 10}">${escapeMarkup(name)}</text>`;
}

/** Shades over the plot, and in full colour on the strip below it; what is nearer together than a pixel is one. */
function bandsOf({ bands }: Plot, scale: PixelScale, frame: Frame): readonly string[] {
  return (['pending', 'firing'] as const).flatMap((kind) =>
    merged(bands.filter((band) => band.kind === kind).map((band) => pixelsOf(band, scale, frame))).map(
      ({ from, to }) => `<path class="${kind}" d="M${px(from)} ${frame.top}H${px(to)}V${frame.bottom}H${px(from)}z"/><path class="${kind} strip" d="M${px(from)} ${frame.bottom}H${px(to)}v${STRIP_HEIGHT}H${px(from)}z"/>`,
    ),
  );
}

function pixelsOf({ kind, fromAt, toAt }: PlotBand, scale: PixelScale, { left, right }: Frame): { from: number; to: number } {
  const from = Math.max(left, scale.x(fromAt));
  return { from, to: Math.min(right, Math.max(from + LEAST_BAND_WIDTH[kind], scale.x(toAt))) };
}

function merged(spans: readonly { from: number; to: number }[]): readonly { from: number; to: number }[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

function px(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
