/** Of forms and lists that several views have. English first, then Chinese. */
export const FORM_TEXTS = {
  'form.busy': ['One moment…', '请稍候…'],
  'form.cancel': ['Cancel', '取消'],
  'form.refused': ['This cannot be done so.', '无法这样操作。'],
  'form.faster': ['It is different by now; look again.', '内容已有变化，请重新查看。'],
  'form.done': ['Done.', '已完成。'],
  'list.loading': ['Reading…', '正在读取…'],
  'list.refused': ['This cannot be read.', '无法读取。'],
  'list.more': ['Show more', '显示更多'],
  'page.print': ['Print', '打印'],
  'page.back': ['Back to the list', '返回列表'],
  'page.printed': ['Printed by {name}, {time}', '打印人：{name}，{time}'],
} as const;
