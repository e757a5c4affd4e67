/** A child of an element: its name, and its text, children or attributes; left out where that is null. */
export type Element = readonly [name: string, content: string | readonly Element[] | Attributes | null];

/** Of an element that has nothing else. */
export type Attributes = Readonly<Record<string, string>>;

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** XML 1.0 has no other control characters, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

export function escapeXml(text: string): string {
  const plain = text.replaceAll(FORBIDDEN, '').replaceAll(LONE_SURROGATE, '\ufffd');
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A document of small elements. */
export function xmlOf(root: string, namespace: string, children: readonly Element[]): string {
  const inside = children.map((one) => textOf(one, 1)).join('');
  return `${HEAD}<${root} xmlns="${escapeXml(namespace)}">\n${inside}</${root}>\n`;
}

function textOf([name, content]: Element, depth: number): string {
  if (content === null) return '';
  const indent = '  '.repeat(depth);
  if (typeof content === 'string') return `${indent}<${name}>${escapeXml(content)}</${name}>\n`;
  if (!isList(content)) return `${indent}<${name}${attributesOf(content)}/>\n`;
  const inside = content.map((one) => textOf(one, depth + 1)).join('');
  return `${indent}<${name}>\n${inside}${indent}</${name}>\n`;
}

function isList(content: readonly Element[] | Attributes): content is readonly Element[] {
  return Array.isArray(content);
}

function attributesOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('');
}
