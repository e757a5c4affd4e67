import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Device } from '../../core/types.ts';
import { type DrawnLabel, drawLabel } from './drawing.ts';
import { labelsPerPage, SHEETS, type SheetName } from './formats.ts';
import { htmlOf, type LabelPage } from './html.ts';
import { type LetterFile, pdfOf } from './pdf.ts';

export interface LabelsDeps {
  /** The address of the gateway that goes into the codes; null where none is set. */
  publicUrl: string | null;
  /** What a kind is called in Chinese. */
  titleOf(kind: string): string;
  /** A file with Chinese letters on this machine; null where there is none. */
  letters(): Promise<LetterFile | null>;
}

export interface LabelsRequest {
  sheet: SheetName;
  /** Places of the first page that stay empty: they were used before. */
  skip: number;
  /** Where the caller reaches the gateway; goes into the codes where no address is set. */
  reachedAt: string;
}

/** The same time that a page of codes takes is not to be taken from messages: so many, then others have a turn. */
const DRAWN_AT_ONCE = 8;

/**
 * Labels of devices on sheets. A code holds the address of the device at the gateway and no secret: who scans it sees
 * what they may see by their own login.
 */
export class Labels {
  readonly #deps: LabelsDeps;

  constructor(deps: LabelsDeps) {
    this.#deps = deps;
  }

  async page(devices: readonly Device[], request: LabelsRequest): Promise<LabelPage> {
    return htmlOf(SHEETS[request.sheet], await this.#draw(devices, request));
  }

  /** Errors: `labels.no-font` where this machine has no letters for Chinese. */
  async pdf(devices: readonly Device[], request: LabelsRequest): Promise<Buffer> {
    const letters = await this.#deps.letters();
    if (!letters) throw noFont();
    const drawn = await this.#draw(devices, request);
    return await pdfOf(SHEETS[request.sheet], drawn, letters).catch((cause: unknown) => {
      throw noFont(`${letters.path} cannot be used (${messageOf(cause)}). `);
    });
  }

  async #draw(devices: readonly Device[], { sheet, skip, reachedAt }: LabelsRequest): Promise<DrawnLabel[]> {
    const { publicUrl, titleOf } = this.#deps;
    const format = SHEETS[sheet];
    const base = (publicUrl ?? reachedAt).replace(/\/+$/, '');
    const from = skip % labelsPerPage(format);
    const drawn: DrawnLabel[] = [];
    for (const [index, { id, name, kind }] of devices.entries()) {
      const address = `${base}/#/devices/${id}`;
      drawn.push(drawLabel({ id, name, kind: titleOf(kind), address }, format, from + index));
      if (index % DRAWN_AT_ONCE === DRAWN_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return drawn;
  }
}

function noFont(why = ''): CitywatchError {
  const detail =
    `${why}No font with Chinese letters can be used on the machine of the gateway: install one there (Debian: ` +
    'apt-get install fonts-wqy-microhei fontconfig), or print the page (format=html) from a browser.';
  return new CitywatchError('labels.no-font', { detail });
}
