/**
 * What must never enter the gateway, whoever sends or writes it: health readings of people, numbers of payment cards,
 * identity numbers, and hardware addresses of citizens' phones and computers. The city plans keep them on networks of
 * their own. This table is all that says so: kind files are held against it when they are read, payloads when they are
 * decoded, and what people write of devices when it comes.
 */
export type Forbidden = 'health' | 'card' | 'identity' | 'mac';

export interface ForbiddenRow {
  /** For people, after "holds what may be". */
  says: string;
  /** What to do instead, where a person wrote it. */
  remedy: string;
  /**
   * Names of fields, events and keys, word by word; `heart rate` also stands for heart_rate, heartRate and heartrate.
   * In Chinese, which has no spaces, any part of a name counts.
   */
  names: readonly string[];
  /** Names that with a number behind them are a reading, in whatever text. */
  readings: readonly string[];
}

const MEASURED = [
  'blood pressure',
  'blood oxygen',
  'blood sugar',
  'blood glucose',
  'glucose',
  'cholesterol',
  'systolic',
  'diastolic',
  'heart rate',
  'pulse rate',
  'spo2',
  'bmi',
  'body temp',
  'body temperature',
  'body weight',
  'respiratory rate',
  'respiration rate',
  'breath rate',
  '心率',
  '脉搏',
  '血压',
  '血氧',
  '血糖',
  '血脂',
  '体温',
  '体重',
  '呼吸频率',
];

export const FORBIDDEN: Readonly<Record<Forbidden, ForbiddenRow>> = {
  health: {
    says: 'a health reading of a person',
    remedy: 'Leave it out: those belong to the health system.',
    names: [...MEASURED, 'blood', 'ecg', 'ekg', 'sleep stage', 'medication', 'diagnosis', 'patient', '心电', '病历'],
    readings: MEASURED,
  },
  card: {
    says: 'the number of a payment card',
    remedy: 'Leave it out, or write its last four digits.',
    names: ['card no', 'card number', 'card num', 'bank card', 'credit card', 'cvv', 'cvc', '卡号'],
    readings: [],
  },
  identity: {
    says: 'an identity number',
    remedy: 'Leave it out: name the person, or the number of the case.',
    names: [
      'id card',
      'identity card',
      'identity no',
      'identity number',
      'citizen id',
      'resident id',
      'national id',
      'social security',
      'passport',
      '身份证',
      '证件号',
      '护照',
      '社保卡',
      '医保卡',
    ],
    readings: [],
  },
  mac: {
    says: 'the hardware address of somebody’s device',
    remedy: 'Leave it out; the address of the unit itself goes into `mac` of the unit.',
    names: ['mac', 'macs', 'mac addr', 'mac address', 'mac addresses'],
    readings: [],
  },
};

/** Whose hardware address it is when it is a person's: no kind may declare a field for it. */
export const PERSONS = [
  'client',
  'sta',
  'station',
  'user',
  'visitor',
  'phone',
  'probe',
  'guest',
  'passenger',
  'citizen',
] as const;
