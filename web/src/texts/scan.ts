/** Of reading codes. English first, then Chinese. */
export const SCAN_TEXTS = {
  'scan.label': ['Scan a label', '扫描标签'],
  'scan.live': ['Scan with the camera', '相机扫码'],
  'scan.photo': ['Take a photo of it', '拍照识别'],
  'scan.stop': ['Stop scanning', '停止扫码'],
  'scan.aim': ['Hold the code in the picture.', '请将二维码置于画面内。'],
  'scan.noCamera': ['The camera cannot be used: {why}', '无法使用相机：{why}'],
  'scan.typed': ['Or type it', '或手动输入'],
  'scan.go': ['Go', '确定'],
  'scan.reading': ['Reading the photo…', '正在识别照片…'],
  'scan.none': [
    'No code is seen in the photo. Come nearer, or search for the serial number.',
    '未识别到二维码，请靠近拍摄或搜索序列号。',
  ],
  'scan.other': ['This code is of no device of ours.', '该二维码不属于本系统设备。'],
  'scan.failed': ['This file is no picture.', '该文件不是图片。'],
} as const;
