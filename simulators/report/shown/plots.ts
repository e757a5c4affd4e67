/** Plots as SVG, to stand in a page that needs nothing else. Texts are escaped by {@link escapeHtml}. */

const WIDTH = 720;
const HEIGHT = 220;
const EDGE = { left: 64, right: 16, top: 12, bottom: 28 };
const COLOURS = ['#1f6feb', '#d1590b', '#2f855a', '#8250df', '#b3261e', '#57606a'];
const TICKS = 4;

/** A row of points of one thing. */
export interface Line {
  name: string;
  points: readonly { x: number; y: number }[];
}

export function escapeHtml(text: string): string {
  const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (mark) => marks[mark] ?? '');
}

/** Lines over time; `unit` stands at the upright axis. */
export function linePlot(lines: readonly Line[], { unit, xUnit }: { unit: string; xUnit: string }): string {
  const all = lines.flatMap(({ points }) => points);
  const most = { x: Math.max(1, ...all.map(({ x }) => x)), y: niceMost(Math.max(0, ...all.map(({ y }) => y))) };
  const place = ({ x, y }: { x: number; y: number }): string => {
    const right = EDGE.left + (x / most.x) * (WIDTH - EDGE.left - EDGE.right);
    const down = HEIGHT - EDGE.bottom - (y / most.y) * (HEIGHT - EDGE.top - EDGE.bottom);
    return `${right.toFixed(1)},${down.toFixed(1)}`;
  };
  const drawn = lines.map(({ points }, at) => {
    const colour = COLOURS[at % COLOURS.length];
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.6" points="${points.map(place).join(' ')}"/>`;
  });
  const label = `${escapeHtml(lines.map(({ name }) => name).join(', '))} (${escapeHtml(unit)})`;
  const last = `${most.x} ${escapeHtml(xUnit)}`;
  const end = `<text x="${WIDTH - EDGE.right}" y="${HEIGHT - 8}" text-anchor="end">${last}</text>`;
  return frame(label, [...grid(most.y, unit), ...drawn, end]) + legend(lines);
}

/** Upright bars, each with its name below. */
export function barPlot(bars: readonly { name: string; value: number }[], unit: string): string {
  const most = niceMost(Math.max(0, ...bars.map(({ value }) => value)));
  const step = (WIDTH - EDGE.left - EDGE.right) / Math.max(1, bars.length);
  const drawn = bars.map(({ name, value }, at) => {
    const high = (value / most) * (HEIGHT - EDGE.top - EDGE.bottom);
    const left = EDGE.left + at * step + step * 0.15;
    const top = HEIGHT - EDGE.bottom - high;
    const middle = (left + step * 0.35).toFixed(1);
    return (
      `<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${(step * 0.7).toFixed(1)}" ` +
      `height="${high.toFixed(1)}" fill="${COLOURS[0]}"><title>${value}</title></rect>` +
      `<text x="${middle}" y="${HEIGHT - 12}" text-anchor="middle">${escapeHtml(name)}</text>`
    );
  });
  return frame(escapeHtml(unit), [...grid(most, unit), ...drawn]);
}

function frame(label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${parts.join('')}</svg>`;
}

function grid(most: number, unit: string): string[] {
  return Array.from({ length: TICKS + 1 }, (_, at) => {
    const y = HEIGHT - EDGE.bottom - (at / TICKS) * (HEIGHT - EDGE.top - EDGE.bottom);
    const value = Number(((most * at) / TICKS).toPrecision(3));
    const text = at === TICKS ? `${value} ${escapeHtml(unit)}` : `${value}`;
    return (
      `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${y}" y2="${y}" stroke="#d0d7de"/>` +
      `<text x="${EDGE.left - 6}" y="${y + 4}" text-anchor="end">${text}</text>`
    );
  });
}

function legend(lines: readonly Line[]): string {
  const names = lines.map(({ name }, at) => {
    return `<span><i style="background:${COLOURS[at % COLOURS.length]}"></i>${escapeHtml(name)}</span>`;
  });
  return `<p class="legend">${names.join(' ')}</p>`;
}

/** The next of 1, 2, 5, 10, 20 … above a value. */
function niceMost(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return power * ([1, 2, 5, 10].find((step) => value <= step * power) ?? 10);
}
