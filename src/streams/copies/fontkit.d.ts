/** Of fontkit, which PDFs are made with, too, what is used here; it brings no types. */
declare module 'fontkit' {
  export interface GlyphPath {
    commands: { command: string; args: number[] }[];
  }
  export interface Font {
    unitsPerEm: number;
    ascent: number;
    descent: number;
    layout(text: string): {
      glyphs: { id: number; path: GlyphPath; advanceWidth: number }[];
      positions: { xAdvance: number }[];
    };
  }
  export function open(path: string, postscriptName?: string | null): Promise<Font>;
}
