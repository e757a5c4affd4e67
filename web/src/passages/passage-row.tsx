import type { ComponentChildren } from 'preact';
import { follows } from '../ground/router.ts';
import { deviceAddress } from '../ground/views.ts';
import { kinds } from '../overview.ts';
import { may } from '../session.ts';
import { locale } from '../texts.ts';
import type { Passage } from '../types.ts';
import { PassagePictures } from './pictures.tsx';
import { readersOf } from './places.ts';
import type { Asked } from './question.ts';
import { t, tOf } from './say.ts';

/** The moment of a passage to the second: it is evidence. */
export function momentText(rfc3339: string): string {
  const format = new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
  return format.format(new Date(rfc3339));
}

interface RowProps {
  passage: Passage;
  asked: Asked;
  place: string;
  children?: ComponentChildren;
}

/** One passage: when, where, which plate, and what else was told of it. */
export function PassageRow({ passage, asked, place, children }: RowProps) {
  const { device, at, event, plate, clock } = passage;
  return (
    <>
      <p class="paper-facts">
        <strong>
          <time dateTime={at}>{momentText(at)}</time>
        </strong>
        <span>
          <PlaceName device={device} name={place} />
        </span>
        {event !== 'passage' && <span class="tag tag-wait">{tOf('event', event)}</span>}
      </p>
      <p class="paper-facts">
        <strong class="plate">{plate === null ? t('pass.unread') : <bdi>{plate.replaceAll('|', ' | ')}</bdi>}</strong>
        {toldOf(passage).map((text) => (
          <span key={text}>
            <bdi>{text}</bdi>
          </span>
        ))}
        {clock !== 'device' && <span>{t('pass.clock')}</span>}
      </p>
      <div class="bar pass-tools">
        {may('pictures.look') && <PassagePictures passage={passage} asked={asked} place={place} />}
        {children}
      </div>
    </>
  );
}

export function PlaceName({ device, name }: { device: string; name: string }) {
  if (!may('registry.read')) return <bdi>{name}</bdi>;
  return (
    <a href={deviceAddress(device)} onClick={follows}>
      <bdi>{name}</bdi>
    </a>
  );
}

/** Words that are said without their title. */
const WORDS: readonly string[] = ['plateColor', 'vehicleClass', 'direction'];
const LEFT_OUT: readonly string[] = ['images', 'plateConfidence'];
const TOLD_MAX = 10;

function toldOf({ data, event }: Passage): string[] {
  const told = Object.entries(data).filter(([name, value]) => !LEFT_OUT.includes(name) && isSaid(value));
  return told.slice(0, TOLD_MAX).map(([name, value]) => {
    if (WORDS.includes(name)) return tOf(name, String(value));
    const text = name === 'vehicleColor' ? tOf(name, String(value)) : String(value);
    return `${titleOf(name)} ${text}${unitOf(event, name)}`;
  });
}

function isSaid(value: unknown): boolean {
  return value !== null && value !== '' && value !== 'unknown' && typeof value !== 'object';
}

function titleOf(name: string): string {
  const title = tOf('field', name);
  return title === '' ? name : title;
}

function unitOf(event: string, name: string): string {
  for (const kind of readersOf(kinds.value.values())) {
    const unit = kinds.value.get(kind)?.events[event]?.fields[name]?.unit;
    if (unit) return ` ${unit}`;
  }
  return '';
}
