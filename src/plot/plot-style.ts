export type PlotTheme = 'auto' | 'light' | 'dark';

const LINE_COLOURS = 8;

const light = {
  ground: '#ffffff', text: '#5b6472', grid: '#d9dde3', threshold: '#b3261e', pending: '#f2a600', firing: '#d3302f', mark: '#1c2430',
  lines: ['#1f6fb2', '#8b5cf6', '#0f8b6d', '#b4540a', '#c2348b', '#4d6b00', '#5a6270', '#00838f'],
};
const dark = {
  ground: '#14181f', text: '#9aa4b2', grid: '#333a45', threshold: '#ff8a80', pending: '#d99a1c', firing: '#f0524f', mark: '#e4e8ee',
  lines: ['#62b0f0', '#b79cff', '#4cc9a4', '#f0984a', '#f07cc0', '#a7c957', '#aab2bf', '#4dd0e1'],
};

/** The colour of the line at this position; they come again after eight. */
export function lineColour(index: number, theme: PlotTheme): string {
  return inTheme(`var(--plot-line-${index % LINE_COLOURS})`, theme);
}

/** The class of a plot with this theme: several of them may stand on one page, whose styles all plots share. */
export function plotClass(theme: PlotTheme): string {
  return `belay-plot belay-plot-${theme}`;
}

/** The style sheet of a plot; all of it is below its classes. Only `auto` has variables, which what makes pictures of plots does not know. */
export function plotStyle(theme: PlotTheme): string {
  if (theme !== 'auto') return inTheme(drawing.replaceAll('.belay-plot ', `.belay-plot-${theme} `), theme);
  return `.belay-plot-auto{${variables(light)}}@media (prefers-color-scheme:dark){.belay-plot-auto{${variables(dark)}}}${drawing.replaceAll('.belay-plot ', '.belay-plot-auto ')}`;
}

/** The ground that a plot of this theme is made for. */
export function plotGround(theme: Exclude<PlotTheme, 'auto'>): string {
  return (theme === 'dark' ? dark : light).ground;
}

const drawing =
  '.belay-plot text{fill:var(--plot-text);font-size:11px;font-family:system-ui,sans-serif}' +
  '.belay-plot path{fill:none}' +
  '.belay-plot .grid{stroke:var(--plot-grid);stroke-width:1}' +
  '.belay-plot .line{stroke-width:1.4;stroke-linejoin:round;stroke-linecap:round}' +
  '.belay-plot .threshold{stroke:var(--plot-threshold);stroke-width:1.4;stroke-dasharray:6 4}' +
  '.belay-plot .threshold-text{fill:var(--plot-threshold);stroke:var(--plot-ground);stroke-width:4px;stroke-linejoin:round;paint-order:stroke}' +
  '.belay-plot .pending{fill:var(--plot-pending);fill-opacity:.22}' +
  '.belay-plot .firing{fill:var(--plot-firing);fill-opacity:.24}' +
  '.belay-plot .strip{fill-opacity:1}' +
  '.belay-plot .mark{stroke:var(--plot-mark);stroke-width:1.2}' +
  '.belay-plot .mark-text{fill:var(--plot-mark)}';

function named({ lines, ...others }: typeof light): readonly (readonly [name: string, colour: string])[] {
  return [...Object.entries(others), ...lines.map((colour, index) => [`line-${index}`, colour] as const)];
}

function variables(colours: typeof light): string {
  return named(colours).map(([name, colour]) => `--plot-${name}:${colour}`).join(';');
}

function inTheme(text: string, theme: PlotTheme): string {
  if (theme === 'auto') return text;
  const colours = new Map(named(theme === 'dark' ? dark : light));
  return text.replaceAll(/var\(--plot-([\w-]+)\)/g, (written, name: string) => colours.get(name) ?? written);
}
