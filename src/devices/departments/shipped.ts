/** A department as we ship it, for the whole country. */
export interface ShippedDepartment {
  id: string;
  name_zh: string;
  name_en: string;
  /** Other names by which files call it. */
  names: string[];
  valid_from: string | null;
  valid_to: string | null;
  successor: string | null;
}

type Named = readonly [id: string, zh: string, en: string, names: readonly string[]];

/**
 * Those that the city plans name, and what followed them. Days are those on which the ministry above was set up in the
 * reform of 2018; a city that followed later adds its own department with its own day.
 */
const IN_FORCE: readonly (readonly [...Named, validFrom: string | null])[] = [
  ['public-security', '公安局', 'Public security', ['公安', '市公安局'], null],
  ['traffic-police', '交警支队', 'Traffic police', ['交警', '交通警察支队'], null],
  ['urban-management', '城市管理行政执法局', 'Urban management', ['城管', '城管局', '城管执法局'], null],
  ['transport', '交通运输局', 'Transport', ['交通', '交通局'], null],
  ['housing', '住房和城乡建设局', 'Housing and construction', ['住建', '住建局'], null],
  ['weather', '气象局', 'Weather', [], null],
  ['market-regulation', '市场监督管理局', 'Market regulation', ['市场监管', '市场监管局', '市监局'], '2018-04-10'],
  ['ecology', '生态环境局', 'Ecology and environment', ['生态环境', '市生态环境局'], '2018-04-16'],
  ['emergency-management', '应急管理局', 'Emergency management', ['应急局', '市应急管理局'], '2018-04-16'],
  ['natural-resources', '自然资源局', 'Natural resources', ['自然资源'], '2018-04-10'],
  ['culture-tourism', '文化和旅游局', 'Culture and tourism', ['文旅局', '文化广电和旅游局'], '2018-04-08'],
];

const ENDED: readonly (readonly [...Named, successor: string])[] = [
  ['food-and-drug', '食品药品监督管理局', 'Food and drugs', ['食药监', '食药监局', '食药局'], 'market-regulation'],
  ['industry-and-commerce', '工商行政管理局', 'Industry and commerce', ['工商', '工商局'], 'market-regulation'],
  ['quality', '质量技术监督局', 'Quality', ['质监', '质监局'], 'market-regulation'],
  ['environment', '环境保护局', 'Environment', ['环保', '环保局', '市环保局'], 'ecology'],
  ['emergency-office', '应急管理办公室', 'Emergency office', ['应急办', '市应急办'], 'emergency-management'],
  ['work-safety', '安全生产监督管理局', 'Work safety', ['安监', '安监局'], 'emergency-management'],
  ['land', '国土资源局', 'Land', ['国土', '国土局'], 'natural-resources'],
  ['tourism', '旅游局', 'Tourism', ['旅游'], 'culture-tourism'],
  ['culture-broadcasting', '文化广电新闻出版局', 'Culture and broadcasting', ['文广新局'], 'culture-tourism'],
];

const FROM = new Map(IN_FORCE.map(([id, , , , validFrom]) => [id, validFrom]));

/** Successors before those that name them. */
export const SHIPPED_DEPARTMENTS: readonly ShippedDepartment[] = [
  ...IN_FORCE.map(([id, name_zh, name_en, names, valid_from]) => {
    return { id, name_zh, name_en, names: [...names], valid_from, valid_to: null, successor: null };
  }),
  ...ENDED.map(([id, name_zh, name_en, names, successor]) => {
    const valid_to = FROM.get(successor) ?? null;
    return { id, name_zh, name_en, names: [...names], valid_from: null, valid_to, successor };
  }),
];
