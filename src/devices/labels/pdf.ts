import { type DrawnLabel, pagesOf } from './drawing.ts';
import { type SheetFormat, UM_PER_MM } from './formats.ts';

/** A file with letters for Chinese; `name` tells one of several in it. */
export interface LetterFile {
  path: string;
  name: string;
}

/** A point is the 72nd part of an inch of 25.4 mm. */
const POINTS_PER_UM = 72 / (25.4 * UM_PER_MM);

/** The sheets as a PDF that brings its letters. Rejects where the file with the letters cannot be used. */
export async function pdfOf(format: SheetFormat, labels: readonly DrawnLabel[], font: LetterFile): Promise<Buffer> {
  // Large, and needed by few: read when somebody asks for it.
  const { default: PdfDocument } = await import('pdfkit');
  const { width, height } = format.page;
  const size: [number, number] = [points(width), points(height)];
  const options = { size, margin: 0, autoFirstPage: false, font: '', info: { Title: '标签 Labels' } };
  const document = new PdfDocument(options);
  const pieces: Buffer[] = [];
  document.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((resolve, reject) => document.on('end', resolve).on('error', reject));
  document.registerFont('letters', font.path, font.name);
  for (const drawn of pagesOf(labels)) {
    document.addPage();
    for (const { bars, lines } of drawn) {
      for (const bar of bars) document.rect(points(bar.x), points(bar.y), points(bar.width), points(bar.height));
      document.fill('black');
      for (const { x, y, size, text } of lines) {
        document.font('letters').fontSize(points(size));
        document.text(text, points(x), points(y), { lineBreak: false, baseline: 'alphabetic' });
      }
      // A page of codes takes its time; whoever sends messages meanwhile does not wait for it.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  document.end();
  await ended;
  return Buffer.concat(pieces);
}

function points(um: number): number {
  return um * POINTS_PER_UM;
}
