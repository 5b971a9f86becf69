// Whatever the text, a search takes time in proportion to its length: what repeats without bound stands at the end of a
// pattern, where nothing can fail after it, and all before it is of bounded length.

const tail = String.raw`(?:[\w+/=-]|\.(?=[\w-]))*`;

/** Not in the middle of a word, so that `task-` and `monkeyJar` begin no token; `%20` and the `\n` of JSON are no word. */
const begin = String.raw`(?:(?<![A-Za-z0-9])|(?<=%[\dA-Fa-f]{2}|\\[bfnrtv]|\\u[\dA-Fa-f]{4}|\\x[\dA-Fa-f]{2}))`;

const prefixes = [
  'github_pat_',
  'gl(?:agent|cbt|dt|ft|imt|oas|pat|ptt|rt|soat)-',
  'xox[a-z]-',
  'xapp-',
  'sk-',
  'AIza',
  String.raw`ya29\.`,
  'GOCSPX-',
  String.raw`SG\.`,
  String.raw`hv[sbr]\.`,
  'pypi-AgE',
  'eyJ',
  'ATATT3',
  'dckr_pat_',
  'figd_',
];

const plainPrefixes = [
  'gh[oprsu]_',
  '[rs]k_(?:live|test)_',
  'whsec_',
  'npm_',
  'hf_',
  'shp(?:at|ca|pa|ss)_',
  'do[opr]_v1_',
  'lin_api_',
  'gsk_',
  'AGE-SECRET-KEY-1',
];

const noToken =
  '(?!(?:tokens?|auth(?:entication|orization)?|schemes?|headers?|realm|credentials?|HTTP|error|is|was|must|not|and|or|required|missing|invalid|expired)(?![\\w~+/=-]))';

/** What a secret looks like wherever it stands. Only used where `lastIndex` is neither read nor moved. */
export const tokenPatterns: readonly RegExp[] = [
  new RegExp(`${begin}(?:${prefixes.join('|')})[\\w-]{10}${tail}`, 'g'),
  new RegExp(`${begin}(?:${plainPrefixes.join('|')})[A-Za-z0-9]{16}${tail}`, 'g'),
  new RegExp(`${begin}(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AKIA|ANPA|AROA|ASIA)[A-Z0-9]{12}[A-Z0-9]*`, 'g'),
  new RegExp(`(?<=${begin}bearer(?:[ \\t]{1,4}|%20|\\+))${noToken}[^\\s"'\`<>,;\\\\]+`, 'gi'),
  new RegExp(
    `(?<=${begin}(?:Basic|basic|BASIC)(?:[ \\t]{1,4}|%20|\\+))${noToken}(?=[a-zA-Z]{1,40}[A-Z0-9+/=]|[0-9+/])[\\w+/-]{4}[\\w+/=-]*`,
    'g',
  ),
  // Webhooks of Slack and Discord and bots of Telegram belong to whoever knows their path.
  /(?<=hooks\.slack\.com\/\w{1,16}\/|\/api\/webhooks\/|\/bot(?=\d))[\w:/-]{8}[\w:/-]*/g,
];
