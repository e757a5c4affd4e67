import type { Forbidden } from '../../src/core/forbidden/table.ts';

export interface ForbiddenExamples {
  /** Keys that a payload could hold it under. */
  names: string[];
  /** Values of it, wherever they stand. */
  values: string[];
  /** What looks like it and is not. */
  others: string[];
}

/** What each row of the table of what must not enter stands for. The first identity number is that of GB 11643. */
export const EXAMPLES: Record<Forbidden, ForbiddenExamples> = {
  health: {
    names: ['heart_rate', 'heartRate', 'bloodPressure', 'spo2', 'body_temp_c', '体温', '收缩血压', 'patientId', 'ecg'],
    values: ['heart rate: 72', '血压 120/80', '体温38.5', 'SpO2=97', 'bloodPressure 118/76'],
    others: ['血压测量站', '体温 1号门', 'heart rate', '室温 38.5', 'temp 38.5', '测体温2号机'],
  },
  card: {
    names: ['card_no', 'cardNumber', 'cvv', '银行卡号', 'bank_card', 'credit-card'],
    values: ['4111111111111111', '6222021234567894', '5500 0055 5555 5559', 'pay 4111-1111-1111-1111'],
    others: ['4111111111111112', '1763750000123', '13800138000', '34020000001320000001'],
  },
  identity: {
    names: ['id_card', 'idCard', 'identityNumber', 'citizen_id', '身份证', '身份证号码', 'passportNo', '社保卡'],
    values: ['11010519491231002X', '510700200102281232', '身份证号33021219900307451x'],
    others: ['110105194912310021', '33021220251121', '110105194913310020', '91330102000029500X'],
  },
  mac: {
    names: ['client_mac', 'stationMac', 'client_macs', 'visitorMacAddress', 'probeMac', 'phone_mac'],
    values: ['3c:2a:f4:10:22:9e', '3C-2A-F4-10-22-9E', '3c2a.f410.229e', 'sta 3c:2a:f4:10:22:9e'],
    others: ['3c:2a:f4:10:22', '2025-11-21 12:00', 'fe80::3c2a:f410:229e'],
  },
};
