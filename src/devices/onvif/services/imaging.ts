import { invalid } from '../../../core/errors.ts';
import { at, escapeXml, type XmlElement } from '../xml.ts';
import { type AskOptions, type CameraServices, lacks } from './services.ts';

/** In the camera's own units; what it does not tell is null. */
export interface Picture {
  brightness: number | null;
  contrast: number | null;
  saturation: number | null;
  sharpness: number | null;
  /** The filter that keeps infrared out: `on` by day, `off` by night, `auto` by the camera's own judgement. */
  irCut: IrCut | null;
  wdr: WideRange | null;
}

export type IrCut = 'on' | 'off' | 'auto';

/** Wide dynamic range: against the sun behind what is looked at. */
export interface WideRange {
  mode: 'on' | 'off';
  level: number | null;
}

export interface NumberRange {
  min: number;
  max: number;
}

/** What the camera takes; null for what it does not let be set. */
export interface PictureRanges {
  brightness: NumberRange | null;
  contrast: NumberRange | null;
  saturation: NumberRange | null;
  sharpness: NumberRange | null;
  irCut: IrCut[];
  wdr: { modes: WideRange['mode'][]; level: NumberRange | null };
}

export interface PictureReport {
  /** The camera's name for the eye. */
  source: string;
  settings: Picture;
  ranges: PictureRanges;
}

/** What is left out stays. */
export interface PictureChange {
  brightness?: number | undefined;
  contrast?: number | undefined;
  saturation?: number | undefined;
  sharpness?: number | undefined;
  irCut?: IrCut | undefined;
  wdr?: { mode: WideRange['mode']; level?: number | undefined } | undefined;
}

type NumberName = 'brightness' | 'contrast' | 'saturation' | 'sharpness';

const ELEMENTS: Readonly<Record<NumberName, string>> = {
  brightness: 'Brightness',
  contrast: 'Contrast',
  saturation: 'ColorSaturation',
  sharpness: 'Sharpness',
};
const NUMBERS = Object.keys(ELEMENTS) as NumberName[];
const MODES_MAX = 16;
const SOURCES_MAX = 256;

/**
 * The name of the video source that is meant: the one named, else the first. Errors: `conflict.state` where the camera
 * has none, or none of that name; as {@link CameraServices.ask}.
 */
export async function sourceOf(services: CameraServices, wanted: string | null, how: AskOptions): Promise<string> {
  const all = (await sourceTokens(services, how)).slice(0, SOURCES_MAX);
  const found = wanted === null ? all[0] : all.find((token) => token === wanted);
  if (found) return found;
  throw lacks(wanted === null ? 'The camera names no video source.' : 'The device has no video source of this name.');
}

/** Of all eyes, as the camera names them. Media2 has no question of its own for them. */
async function sourceTokens(services: CameraServices, how: AskOptions): Promise<string[]> {
  if (services.has('media')) {
    const told = await services.ask('media', 'GetVideoSources', '', how);
    return told.children.flatMap(({ name, attributes }) =>
      name === 'VideoSources' ? (attributes.get('token') ?? []) : [],
    );
  }
  const told = await services.ask('media2', 'GetVideoSourceConfigurations', '', how);
  const tokens = told.children.flatMap((one) => at(one, 'SourceToken')?.text ?? []);
  return [...new Set(tokens.filter((token) => token !== ''))];
}

/** How the picture of a source is set, and what may be set. */
export async function readPicture(services: CameraServices, source: string, how: AskOptions): Promise<PictureReport> {
  const about = tokenOf(source);
  const told = at(await services.ask('imaging', 'GetImagingSettings', about, how), 'ImagingSettings');
  const options = at(await services.ask('imaging', 'GetOptions', about, how), 'ImagingOptions');
  return { source, settings: settingsIn(told), ranges: rangesIn(options) };
}

/** Sets what is named and nothing else. Errors: `request.invalid` for what the camera does not take. */
export async function changePicture(
  services: CameraServices,
  { report, change }: { report: PictureReport; change: PictureChange },
  how: AskOptions,
): Promise<void> {
  checkChange(change, report.ranges);
  const settings = `<timg:ImagingSettings>${elementsOf(change, report.settings)}</timg:ImagingSettings>`;
  const body = `${tokenOf(report.source)}${settings}<timg:ForcePersistence>true</timg:ForcePersistence>`;
  await services.ask('imaging', 'SetImagingSettings', body, how);
}

/** Errors: `request.invalid`, naming the field and what the camera takes. */
export function checkChange(change: PictureChange, ranges: PictureRanges): void {
  for (const name of NUMBERS) checkNumber(name, change[name], ranges[name]);
  const { irCut, wdr } = change;
  if (irCut !== undefined) checkMode('irCut', irCut, ranges.irCut);
  if (wdr === undefined) return;
  checkMode('wdr.mode', wdr.mode, ranges.wdr.modes);
  checkNumber('wdr.level', wdr.level, ranges.wdr.level);
}

function checkNumber(path: string, value: number | undefined, range: NumberRange | null): void {
  if (value === undefined) return;
  if (range === null) throw invalid(path, 'cannot be set on this camera');
  if (value < range.min || value > range.max) throw invalid(path, `this camera takes ${range.min} to ${range.max}`);
}

function checkMode(path: string, mode: string, modes: readonly string[]): void {
  if (modes.length === 0) throw invalid(path, 'cannot be set on this camera');
  if (!modes.includes(mode)) throw invalid(path, `this camera takes ${modes.join(', ')}`);
}

function tokenOf(source: string): string {
  return `<timg:VideoSourceToken>${escapeXml(source)}</timg:VideoSourceToken>`;
}

/** In the order of the schema (ImagingSettings20): strict cameras refuse another. */
function elementsOf({ irCut, wdr, ...numbers }: PictureChange, before: Picture): string {
  const number = (name: NumberName): string => {
    const value = numbers[name];
    return value === undefined ? '' : `<tt:${ELEMENTS[name]}>${value}</tt:${ELEMENTS[name]}>`;
  };
  const level = wdr?.level ?? before.wdr?.level ?? null;
  return [
    number('brightness'),
    number('saturation'),
    number('contrast'),
    irCut === undefined ? '' : `<tt:IrCutFilter>${irCut.toUpperCase()}</tt:IrCutFilter>`,
    number('sharpness'),
    wdr === undefined
      ? ''
      : `<tt:WideDynamicRange><tt:Mode>${wdr.mode.toUpperCase()}</tt:Mode>${
          level === null ? '' : `<tt:Level>${level}</tt:Level>`
        }</tt:WideDynamicRange>`,
  ].join('');
}

function settingsIn(told: XmlElement | undefined): Picture {
  const number = (...path: string[]): number | null => numberIn(at(told, ...path));
  const mode = wordIn<WideRange['mode']>(at(told, 'WideDynamicRange', 'Mode'), ['on', 'off']);
  return {
    brightness: number('Brightness'),
    contrast: number('Contrast'),
    saturation: number('ColorSaturation'),
    sharpness: number('Sharpness'),
    irCut: wordIn<IrCut>(at(told, 'IrCutFilter'), ['on', 'off', 'auto']),
    wdr: mode && { mode, level: number('WideDynamicRange', 'Level') },
  };
}

function rangesIn(options: XmlElement | undefined): PictureRanges {
  const wide = at(options, 'WideDynamicRange');
  return {
    brightness: rangeIn(at(options, 'Brightness')),
    contrast: rangeIn(at(options, 'Contrast')),
    saturation: rangeIn(at(options, 'ColorSaturation')),
    sharpness: rangeIn(at(options, 'Sharpness')),
    irCut: wordsIn<IrCut>(options, 'IrCutFilterModes', ['on', 'off', 'auto']),
    wdr: { modes: wordsIn<WideRange['mode']>(wide, 'Mode', ['on', 'off']), level: rangeIn(at(wide, 'Level')) },
  };
}

function numberIn(element: XmlElement | undefined): number | null {
  const value = Number(element?.text || Number.NaN);
  return Number.isFinite(value) ? value : null;
}

function rangeIn(element: XmlElement | undefined): NumberRange | null {
  const [min, max] = [numberIn(at(element, 'Min')), numberIn(at(element, 'Max'))];
  return min !== null && max !== null && min < max ? { min, max } : null;
}

function wordIn<Word extends string>(element: XmlElement | undefined, words: readonly Word[]): Word | null {
  const text = element?.text.trim().toLowerCase();
  return words.find((word) => word === text) ?? null;
}

function wordsIn<Word extends string>(parent: XmlElement | undefined, name: string, words: readonly Word[]): Word[] {
  const found = (parent?.children ?? []).filter((child) => child.name === name).slice(0, MODES_MAX);
  return words.filter((word) => found.some((one) => wordIn(one, words) === word));
}
