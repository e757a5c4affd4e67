import { createHash } from 'node:crypto';
import { type DrawnLabel, pagesOf } from './drawing.ts';
import { type SheetFormat, UM_PER_MM } from './formats.ts';

/** A page for a browser to print, and the policy that lets it have its one style. */
export interface LabelPage {
  html: string;
  policy: string;
}

/**
 * What browsers round a page down to; a drawing that is a hair higher than its page gets an empty one behind it.
 * Nothing is drawn so near to the edge.
 */
const SPARE_UM = UM_PER_MM;
const FONTS =
  "'Noto Sans CJK SC','Source Han Sans SC','WenQuanYi Micro Hei','Microsoft YaHei','PingFang SC',sans-serif";

/** Each sheet is one drawing with whole micrometres as its unit, so that the browser rounds once a page and no more. */
export function htmlOf(format: SheetFormat, labels: readonly DrawnLabel[]): LabelPage {
  const { width, height } = format.page;
  const style =
    `@page{size:${mm(width)} ${mm(height)};margin:0}html,body{margin:0;background:#fff}` +
    `svg{display:block;break-after:page;break-inside:avoid;font-family:${FONTS}}svg:last-child{break-after:auto}`;
  const shown = height - SPARE_UM;
  const box = `width="${mm(width)}" height="${mm(shown)}" viewBox="0 0 ${width} ${shown}"`;
  const sheets = pagesOf(labels).map(
    (drawn) => `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${drawn.map(svgOf).join('')}</svg>`,
  );
  const html =
    `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>标签 Labels</title><style>${style}</style>` +
    `</head><body>${sheets.join('')}</body></html>`;
  const hash = createHash('sha256').update(style).digest('base64');
  return { html, policy: `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'` };
}

function svgOf({ bars, lines }: DrawnLabel): string {
  const path = bars.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h-${width}z`).join('');
  const texts = lines.map(
    ({ x, y, size, text }) => `<text x="${x}" y="${y}" font-size="${size}">${escaped(text)}</text>`,
  );
  return `<path shape-rendering="crispEdges" d="${path}"/>${texts.join('')}`;
}

/** `29.7mm`, exactly. */
function mm(um: number): string {
  return `${um / UM_PER_MM}mm`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
