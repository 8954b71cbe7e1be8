import type { PlotPoint } from './plot.js';

interface Column {
  readonly x: number;
  readonly fromAt: number;
  toAt: number;
  min: number;
  max: number;
}

export interface PixelScale {
  x(at: number): number;
  y(value: number): number;
}

/**
 * The `d` of an SVG path through points: not more than the least and the greatest value of each column of pixels, so that
 * its length does not depend on how many points there are and no spike is lost. Points further apart than
 * `joinWithinMs` begin anew.
 */
export function pixelPath(points: readonly PlotPoint[], scale: PixelScale, joinWithinMs: number): string {
  let path = '';
  let previous: Column | undefined;
  let lastY = 0;
  for (const column of columnsOf(points, scale)) {
    const { x, min, max } = column;
    const [low, high] = [rounded(scale.y(min)), rounded(scale.y(max))];
    const isJoined = previous !== undefined && column.fromAt - previous.toAt <= joinWithinMs;
    // The nearer end first, so that the line does not run back and forth.
    const [first, second] = isJoined && Math.abs(lastY - low) < Math.abs(lastY - high) ? [low, high] : [high, low];
    path += `${isJoined ? 'L' : 'M'}${rounded(x)} ${first}`;
    if (second !== first) path += `V${second}`;
    // A single point has no length, and would not be seen.
    else if (!isJoined) path += 'h2';
    lastY = second;
    previous = column;
  }
  return path;
}

function columnsOf(points: readonly PlotPoint[], scale: PixelScale): readonly Column[] {
  const columns: Column[] = [];
  let current: Column | undefined;
  for (const { fromAt, toAt, min, max } of points) {
    const x = scale.x((fromAt + toAt) / 2);
    if (current !== undefined && Math.floor(x) === Math.floor(current.x)) {
      current.toAt = toAt;
      current.min = Math.min(current.min, min);
      current.max = Math.max(current.max, max);
      continue;
    }
    current = { x, fromAt, toAt, min, max };
    columns.push(current);
  }
  return columns;
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
