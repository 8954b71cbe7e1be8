import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { BelayError } from '../fault/belay-error.js';
import { plotGround } from './plot-style.js';
import { plotSvg } from './plot-svg.js';
import type { Plot } from './plot.js';

export interface PlotPngOptions {
  /** Of the drawing; the picture has twice as many pixels, for dense screens. */
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  /** Ends a rendering that has not begun. */
  readonly signal?: AbortSignal;
}

const FONT = 'DejaVuSans.ttf';
const DENSITY = 2;
/** Far more than a plot takes: its paths are no longer than it is wide. */
const LARGEST_SVG = 2_000_000;

/** The same drawing as a picture, for what shows no SVG. It is rendered beside the event loop, with the font that the package brings. */
export async function plotPng(plot: Plot, { width = 600, height = 240, theme = 'light', signal }: PlotPngOptions = {}): Promise<Buffer> {
  const svg = plotSvg(plot, { width, height, theme });
  if (svg.length > LARGEST_SVG) throw new BelayError('conflict', `the drawing is too large for a picture: ${svg.length} characters`);
  // Pictures are few, and what draws them is large.
  const { renderAsync } = await import('@resvg/resvg-js');
  const image = await renderAsync(
    svg,
    {
      font: { loadSystemFonts: false, fontFiles: [fontFile()], defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
      fitTo: { mode: 'zoom', value: DENSITY },
      background: plotGround(theme),
      logLevel: 'off',
    },
    signal ?? null,
  );
  return image.asPng();
}

/** The build lays it beside this module; run from its source, it is where npm has put it. */
function fontFile(): string {
  const beside = fileURLToPath(new URL(FONT, import.meta.url));
  return existsSync(beside) ? beside : createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${FONT}`);
}
