import type { PictureSettings } from './settings.ts';
import { leaf, operationUnknown, pick, SoapFault, type SoapRequest, tag, textOf } from './soap.ts';

const MAX = 100;
const IR_CUT_MODES = ['ON', 'OFF', 'AUTO'];
const SWITCH = ['ON', 'OFF'];

type Numbers = 'brightness' | 'saturation' | 'contrast' | 'sharpness';

/** The elements of numbers, by what they set. */
const NUMBERS: Record<Numbers, string> = {
  brightness: 'Brightness',
  saturation: 'ColorSaturation',
  contrast: 'Contrast',
  sharpness: 'Sharpness',
};

/** The imaging service: one picture per video source; what is set lies in `picture` at once. */
export function answerImaging(request: SoapRequest, picture: (source: string) => PictureSettings | undefined): string {
  const { operation, body } = request;
  const found = picture(textOf(pick(body, 'VideoSourceToken')));
  if (!found) throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'NoSource'], 'No Such Source');
  return `<timg:${operation}Response>${answer(request, found)}</timg:${operation}Response>`;
}

function answer({ operation, body }: SoapRequest, picture: PictureSettings): string {
  switch (operation) {
    case 'GetImagingSettings':
      return tag('timg:ImagingSettings', settings(picture));
    case 'GetOptions':
      return tag('timg:ImagingOptions', options());
    case 'SetImagingSettings':
      Object.assign(picture, changeOf(body));
      return '';
    default:
      throw operationUnknown();
  }
}

/** In the order of the schema (ImagingSettings20). */
function settings({ brightness, saturation, contrast, sharpness, irCut, wdrMode, wdrLevel }: PictureSettings): string {
  return [
    leaf('tt:Brightness', brightness),
    leaf('tt:ColorSaturation', saturation),
    leaf('tt:Contrast', contrast),
    leaf('tt:IrCutFilter', irCut),
    leaf('tt:Sharpness', sharpness),
    tag('tt:WideDynamicRange', leaf('tt:Mode', wdrMode), leaf('tt:Level', wdrLevel)),
  ].join('');
}

function options(): string {
  const range = (name: string): string => tag(name, leaf('tt:Min', 0), leaf('tt:Max', MAX));
  return [
    range('tt:Brightness'),
    range('tt:ColorSaturation'),
    range('tt:Contrast'),
    ...IR_CUT_MODES.map((mode) => leaf('tt:IrCutFilterModes', mode)),
    range('tt:Sharpness'),
    tag('tt:WideDynamicRange', ...SWITCH.map((mode) => leaf('tt:Mode', mode)), range('tt:Level')),
  ].join('');
}

function changeOf(body: SoapRequest['body']): Partial<PictureSettings> {
  const read = (...path: string[]): string => textOf(pick(body, 'ImagingSettings', ...path));
  const change: Partial<PictureSettings> = {};
  for (const [name, element] of Object.entries(NUMBERS)) {
    if (read(element) !== '') change[name as Numbers] = within(read(element));
  }
  if (read('IrCutFilter') !== '') change.irCut = oneOf(IR_CUT_MODES, read('IrCutFilter'));
  if (read('WideDynamicRange', 'Mode') !== '') change.wdrMode = oneOf(SWITCH, read('WideDynamicRange', 'Mode'));
  if (read('WideDynamicRange', 'Level') !== '') change.wdrLevel = within(read('WideDynamicRange', 'Level'));
  return change;
}

function within(text: string): number {
  const value = Number(text);
  if (value >= 0 && value <= MAX) return value;
  throw invalid();
}

function oneOf(known: readonly string[], text: string): string {
  if (known.includes(text)) return text;
  throw invalid();
}

function invalid(): SoapFault {
  return new SoapFault(400, 'Sender', ['InvalidArgVal', 'SettingsInvalid'], 'Invalid Settings');
}
