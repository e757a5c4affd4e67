import { districtName } from '../../alerts/choices.ts';
import { follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import type { ListedDevice } from '../../types.ts';
import { HealthMark } from '../health-mark.tsx';
import { t } from '../say.ts';
import { kindTitle, seenText, whyText } from '../words.ts';

interface RowProps {
  device: ListedDevice;
  /** Where it lies, px from the top of the list. */
  top: number;
  index: number;
  count: number;
  /** The one that the keyboard is at. */
  current: boolean;
  onCurrent(): void;
  onElement(element: HTMLElement | null): void;
}

/** A device in the list, which leads to its page. */
export function DeviceRow({ device, top, index, count, current, onCurrent, onElement }: RowProps) {
  const { id, name, kind, jurisdiction, state, unit } = device;
  const why = whyText(device);
  const model = [unit?.maker, unit?.model].filter(Boolean).join(' ');
  return (
    <li ref={onElement} style={{ top: `${top}px` }} aria-posinset={index + 1} aria-setsize={count} data-id={id}>
      <a href={deviceAddress(id)} onClick={follows} onFocus={onCurrent} tabIndex={current ? 0 : -1}>
        <HealthMark health={device.health} />
        <span class="device-name">
          <bdi>{name}</bdi>
          <span class="device-facts">
            <bdi>{id}</bdi> · {kindTitle(kind)} · {districtName(jurisdiction)}
            {model !== '' && (
              <>
                {' · '}
                <bdi>{model}</bdi>
              </>
            )}
          </span>
        </span>
        <span class="device-facts device-how">
          {state !== 'in-service' && <strong>{t(`life.${state}`)}</strong>}
          {why !== '' && <bdi>{why}</bdi>}
          <span>{seenText(device)}</span>
        </span>
      </a>
    </li>
  );
}
