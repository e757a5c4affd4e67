/** One note, as pieces of text that are said in different ways. */
export type Note = readonly { is: 'text' | 'strong' | 'code'; text: string }[];

interface Version {
  version: string;
  notes: Note[];
}

/** The notes of a changelog: `## VERSION`, and below it `- ` with what changed. */
export function notesOf(changelog: string): Version[] {
  return changelog
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [version = '', ...lines] = part.split('\n');
      const items = lines.join('\n').split(/^- /m).slice(1);
      return { version: version.trim(), notes: items.map(noteOf) };
    });
}

const MARKED = /\*\*(?<strong>[^*]+)\*\*|`(?<code>[^`]+)`|\[(?<link>[^\]]+)\]\([^)]*\)/g;

function noteOf(markdown: string): Note {
  const text = markdown.replaceAll(/\s+/g, ' ').trim();
  const pieces: Note[number][] = [];
  let at = 0;
  for (const found of text.matchAll(MARKED)) {
    pieces.push({ is: 'text', text: text.slice(at, found.index) });
    const { strong, code, link = '' } = found.groups ?? {};
    if (strong !== undefined) pieces.push({ is: 'strong', text: strong.replaceAll('`', '') });
    else pieces.push(code === undefined ? { is: 'text', text: link } : { is: 'code', text: code });
    at = found.index + found[0].length;
  }
  return [...pieces, { is: 'text', text: text.slice(at) } as const].filter((piece) => piece.text !== '');
}
