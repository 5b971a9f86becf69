import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { holdfastError, isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import {
  createRedactor,
  type RedactorOptions,
  redact,
  redactError,
  redactText,
} from '../../runtime/security/index.ts';
import { tokenPatterns } from '../../runtime/security/token-patterns.ts';

const shownAll = (value: unknown): string =>
  inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true });

test.each([
  ...[
    'password',
    'Passwd',
    'PWD',
    'secret',
    'token',
    'access_token',
    'refreshToken',
    'id-token',
    'API_KEY',
    'apikey',
  ],
  ...[
    'X-Api-Key',
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'set-cookie',
    'privateKey',
    'client_secret',
  ],
  ...[
    'session',
    'credential',
    'credentials',
    'connection string',
    'dbPassword',
    'passwordHash',
    'AWSSecretAccessKey',
  ],
  ...['sessionId', 'jwt', 'tokens', 'token2', 'secretValue', 'otp', 'user.pass', 'signing_key'],
  ...['auth', '_auth', 'creds'],
])('what stands under %j is masked', (key) => {
  expect(redact({ [key]: 'hunter2' })).toStrictEqual({ [key]: '***' });
});

test.each([
  ...[
    'keyboard',
    'author',
    'key',
    'tokenCount',
    'token_type',
    'secretary',
    'possession',
    'bypass',
    'compass',
    'cwd',
  ],
  ...['passenger', 'publicKey', 'cookieConsent', 'sessions_open', 'id', '', '🦀', '\ud800'],
])('what stands under %j is not', (key) => {
  expect(redact({ [key]: 'seen' })).toStrictEqual({ [key]: 'seen' });
});

test('what can be no secret is kept under a sensitive key, and all else is masked whole', () => {
  const kept = { token: null, secret: undefined, password: '', session: false, maxTokens: 4096, tokens: 12 };

  expect(redact(kept)).toStrictEqual(kept);
  expect(redact({ otp: 123456, credentials: { user: 'bob' }, cookies: ['a=b'], secret: 5n })).toStrictEqual({
    otp: '***',
    credentials: '***',
    cookies: '***',
    secret: '***',
  });
});

test.each([
  ['GET https://bob:hunter2@host/a?page=2 failed', 'GET https://***@host/a?page=*** failed'],
  ['postgres://u:p/a#s?s@db:5432/app', 'postgres://***@db:5432/app'],
  ['https://a/,https://u:p@b/c?d=https://u:p@e', 'https://a/,https://***@b/c?d=***'],
  ['"https:\\/\\/u:p@h"', '"https:\\/\\/***@h"'],
  ['https://h/#access_token=abc', 'https://h/#***'],
  ['Authorization: Digest username="bob", response="x"\nHost: a', 'Authorization: ***\nHost: a'],
  ['sent bearer abc.def to it', 'sent bearer *** to it'],
  ['sent Basic dXNlcjpwYXNz to it', 'sent Basic *** to it'],
  ['{"password":"hun\\"ter2","otp":12,"n":1}', '{"password":"***","otp":"***","n":1}'],
  [JSON.stringify('{"password":"hun\\"ter2","n":1}'), JSON.stringify('{"password":"***","n":1}')],
  [
    inspect({ password: "it's", n: new Map([['token', 'a b']]) }),
    "{ password: \"***\", n: Map(1) { 'token' => '***' } }",
  ],
  ['{"secrets":["a","b"],"n":1}', '{"secrets":"***","n":1}'],
  ['the API key: hunter2 of {"api key":"a b"}', 'the API key: *** of {"api key":"***"}'],
  ['password=[]hunter2 of', 'password=*** of'],
  ['user:           bob\npassword:       hunter2', 'user:           bob\npassword:       ***'],
  ['password\t\t\t\t\t\t=\t\t\t\t\t\thunter2', 'password\t\t\t\t\t\t=\t\t\t\t\t\t***'],
  ['user[name]=bob&user[password]=hunter2&a=1', 'user[name]=bob&user[password]=***&a=1'],
  ['user%5Bpassword%5D=hunter2', 'user%5Bpassword%5D=***'],
  ['env["API_KEY"] = "a b"; [password] = \'x\'', 'env["API_KEY"] = "***"; [password] = \'***\''],
  [
    '<login><user>bob</user><password>hun ter2</password></login>',
    '<login><user>bob</user><password>***</password></login>',
  ],
  ['<ns:apiKey type="x">\n  abc\n</ns:apiKey>', '<ns:apiKey type="x">***</ns:apiKey>'],
  ['<größe:token>abc</größe:token>', '<größe:token>***</größe:token>'],
  ['{"xml":"<Token>abc<\\/Token>"}', '{"xml":"<Token>***<\\/Token>"}'],
  ['<Token><![CDATA[a]b]]></Token>', '<Token>***</Token>'],
  ['<password><![CDATA[hun<ter2]]></password><a>b</a>', '<password>***</password><a>b</a>'],
  ['<password>\n <![CDATA[hunter2]]>\n</password>', '<password>***</password>'],
  ['<password><![CDATA[ab]]]]><![CDATA[>cd]]></password>', '<password>***</password>'],
  ['<password>one<![CDATA[]]>two</password>', '<password>***</password>'],
  ['<password><![CDATA[cut<off', '<password>***'],
  ['<password></password>', '<password></password>'],
  [
    'POST https://hooks.slack.com/services/T0AB/B0CD/aBcD1234 failed',
    'POST https://hooks.slack.com/services/*** failed',
  ],
  ['https://discord.com/api/webhooks/123456/aB-c_D', 'https://discord.com/api/webhooks/***'],
  ['https://api.telegram.org/bot123456:AA-bb_CC/send', 'https://api.telegram.org/bot***'],
  ["password='hun'ter2 of", 'password=*** of'],
  [JSON.stringify('{"pwd":"a\\\\","n":1}'), JSON.stringify('{"pwd":"***","n":1}')],
  ['{ credentials: { a: 1 }, b: 2 }', '{ credentials: ***, b: 2 }'],
  ['user=bob password=hunter2, n=1', 'user=bob password=***, n=1'],
  ['mysql --password hunter2 --pwd=x -u root', 'mysql --password *** --pwd=*** -u root'],
  ['cut off "password": "hun', 'cut off "password": "***'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nrest', '***\nrest'],
  ['-----BEGIN PRIVATE KEY-----\nMII', '***'],
  ['\ud800 password=\udc00abc 🦀', '\ud800 password=*** 🦀'],
  ['mysql --db.password hunter2 -u root', 'mysql --db.password *** -u root'],
  [inspect({ password: 'ab'.repeat(60), n: 1 }), "{\n  password: '***',\n  n: 1\n}"],
  [
    inspect({ password: 'a b\n'.repeat(9), n: { a: 'c\n'.repeat(40) } }),
    /password: '\*\*\*',\n {2}n: \{\n {4}a: 'c/,
  ],
  [
    inspect([{ name: 'x-api-key', value: "it's" }], { compact: false }),
    '[\n  {\n    name: \'x-api-key\',\n    value: "***"\n  }\n]',
  ],
  [
    '{"name":"DB_PASSWORD","value":"a b"},{"name":"A","value":"b"}',
    '{"name":"DB_PASSWORD","value":"***"},{"name":"A","value":"b"}',
  ],
  ['- name: DB_PASSWORD\n  value: hunter2\n', '- name: DB_PASSWORD\n  value: ***\n'],
  [JSON.stringify('sent\nBearer abc.def'), '"sent\\nBearer ***"'],
  [
    JSON.stringify(JSON.stringify([{ name: 'pwd', value: 'a b' }], null, 1)),
    String.raw`"[\n {\n  \"name\": \"pwd\",\n  \"value\": \"***\"\n }\n]"`,
  ],
  ['/to/https%3A%2F%2Fbob%3Ahunter2%40h%2Fa%3Fb%3Dc/d', '/to/https%3A%2F%2F***%40h%2Fa%3Fb%3D***'],
  ['n%3D1%26apiKey%3Dhunter2%26m%3D%22a%22 a=%25', 'n%3D1%26apiKey%3D***%26m%3D%22a%22 a=%25'],
  ['twice%2520pwd%253Dhunter2', 'twice%2520pwd%253D***'],
  ['state%3Dx%20Bearer%20abc.def', 'state%3Dx%20Bearer%20***'],
])('%j is shown as %j', (text, shown) => {
  const redacted = redactText(text);
  if (typeof shown === 'string') expect(redacted).toBe(shown);
  else expect(redacted).toMatch(shown);
  expect(redactText(redacted)).toBe(redacted);
});

test.each([
  ...[
    'AKIAIOSFODNN7EXAMPLE',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'gho_16C7e42F292c6912E7710c838347Ae178B4a',
  ],
  ...[
    'github_pat_11ABCDEFG0abcdefghijkl_mnopqrst',
    'glpat-abcdEFGH1234_5678-ab',
    'xoxb-123456789012-abcdefghij',
  ],
  ...[
    `sk_${'live'}_4eC39HqLyjWDarjtT1zdp7dc`,
    'sk-proj-abcdEFGH1234-5678_ab',
    'sk-ant-api03-abcdEFGH1234_5678-AA',
  ],
  ...['AIzaSyA1234567890abcdefghijklmnopqrstuv', 'npm_abcdefghijklmnopqrstuvwxyz0123456789'],
  ...['dckr_pat_abcdEFGH1234_5678-ab', 'figd_abcdEFGH1234_5678-ab', 'gsk_abcdEFGH12345678abcdEFGH'],
  'ATATT3xFfGF0abcdEFGH1234_5678-ab',
  ...['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'],
])('the token %s is masked wherever it stands', (token) => {
  expect(redactText(`"${token}", (${token}) ${token}.`)).toBe('"***", (***) ***.');
  expect(redact({ [token]: [new Set([token])] })).toStrictEqual({ '***': [new Set(['***'])] });
  const escaped = `{"a":"b\\n${token}","c":"\\u003d${token}"} d%3D${token}`;
  expect(redactText(escaped)).toBe('{"a":"b\\n***","c":"\\u003d***"} d%3D***');
});

test.each([
  'Bearer token is missing',
  'the password is wrong: try again',
  'Basic authentication failed',
  'see https://nodejs.org/api/errors.html#errors_err_x and http://localhost:3000/@vite/client',
  'at read (/app/reset-password.ts:12:5)',
  'task-abcdefghijklmno npm_config_registry tokens: 12, password: undefined',
  'keyboard: qwerty, author: bob, monkey=1',
  'usage: login <user> <password> [--all] <file>',
  '<credentials>\n  <user>bob</user></credentials><password/>none<b>',
  'https://h/robots.txt /bots/list',
  'a value: 5, {"name":"bob","value":"kept"}\npassword:\n  see the manual',
])('%j is left as it is', (text) => {
  expect(redactText(text)).toBe(text);
});

test('a search never tries again what repeats: nothing can fail after it', () => {
  for (const { source } of tokenPatterns) {
    const atoms = source.replace(/\[(?:\\.|[^\]])*\]/g, 'c').replace(/\\./g, 'c');

    expect(atoms).toMatch(/^(?:[^*+]|\(\?<?[!=])*(?:c[*+]|\(\?:c\|c\(\?=c\)\)\*)$/);
  }
});

test('an error is copied with its message, stack, causes and properties masked', () => {
  const cause = new TypeError('connect to https://bob:hunter2@host failed', {
    cause: { password: 'hunter2' },
  });
  const error = Object.assign(
    new AggregateError([new Error('pwd=hunter2')], 'token=hunter2 refused', { cause }),
    {
      code: 'E_REFUSED',
      config: { headers: { authorization: 'hunter2' } },
    },
  );

  const copy = redactError(error) as AggregateError & { code: string };

  expect(shownAll(copy)).not.toContain('hunter');
  expect(shownAll(error)).toContain('hunter2');
  expect(copy).toBeInstanceOf(AggregateError);
  expect(copy).toMatchObject({ message: 'token=*** refused', name: 'AggregateError', code: 'E_REFUSED' });
  expect(copy.cause).toBeInstanceOf(TypeError);
  expect(copy.cause).toMatchObject({
    message: 'connect to https://***@host failed',
    cause: { password: '***' },
  });
  expect(copy.stack?.split('\n').slice(1)).toEqual(error.stack?.split('\n').slice(1));
});

test('an unclosed quote in a message does not take the stack along', () => {
  const { stack } = redactError(new Error('"token": "abc'));

  expect(stack).toContain('redaction.test.ts');
});

test('an error of Holdfast is one after it too', () => {
  const error = redactError(holdfastError('HOLDFAST_ERR_PAYLOAD_INVALID', 'token=abc', { path: 'a.token' }));

  expect(isHoldfastError(error, 'HOLDFAST_ERR_PAYLOAD_INVALID')).toBe(true);
  expect(error).toMatchObject({ name: 'HoldfastError', path: 'a.token', retryable: false });
});

test('what is thrown and is no error becomes one', () => {
  const thrown = ['pwd=a', { pwd: 'a' }, undefined, new Proxy(new Error('a'), {})];

  expect(thrown.map((each) => redactError(each).message)).toEqual(
    ['pwd=***', "{ pwd: '***' }", 'undefined', '[Proxy]'].map(
      (text) => `a value that is no error was thrown: ${text}`,
    ),
  );
  expect(redactError(new DOMException('gone', 'AbortError'))).toMatchObject({ name: 'AbortError', code: 20 });
});

test('every kind of object has a copy that can be shown', () => {
  const url = new URL('https://u:p@h/?a=b');
  const sparse = [1, 2, 3];
  delete sparse[1];

  expect(
    redact({
      map: new Map<unknown, unknown>([
        ['token', 'x'],
        [{ pwd: 'x' }, 1],
      ]),
      date: new Date(5),
      pattern: /a/gi,
      otherPattern: /Bearer abc/,
      bytes: Buffer.from('hunter2'),
      url,
      query: url.searchParams,
      headers: new Headers({ cookie: 'a', accept: 'b' }),
      instance: new (class Login {
        readonly password = 'x';
        readonly user = 'bob';
      })(),
      boxed: new String('pwd=x'),
      sparse,
      [Symbol.for('token')]: 'x',
      run() {},
      numbers: [1n, Number.NaN, -0],
    }),
  ).toStrictEqual({
    map: new Map<unknown, unknown>([
      ['token', '***'],
      [{ pwd: '***' }, 1],
    ]),
    date: new Date(5),
    pattern: /a/gi,
    otherPattern: '/Bearer ***',
    bytes: '[7 bytes]',
    url: 'https://***@h/?a=***',
    query: { a: '***' },
    headers: { accept: 'b', cookie: '***' },
    instance: { password: '***', user: 'bob' },
    boxed: 'pwd=***',
    sparse,
    [Symbol.for('token')]: '***',
    run: '[Function]',
    numbers: [1n, Number.NaN, -0],
  });
});

test('names and values that lie beside each other belong together', () => {
  expect(
    redact([
      ['password', 'x'],
      ['a', 'b'],
    ]),
  ).toEqual([
    ['password', '***'],
    ['a', 'b'],
  ]);
  expect(redact({ name: 'API_KEY', value: 'x' })).toEqual({ name: 'API_KEY', value: '***' });
  // As services of AWS have it.
  expect(redact({ Name: '/app/db_password', Value: 'x' })).toEqual({
    Name: '/app/db_password',
    Value: '***',
  });
  expect(redact(Object.entries({ credentials: { user: 'x' }, pin: [1], password: 12 }))).toEqual([
    ['credentials', '***'],
    ['pin', [1]],
    ['password', '***'],
  ]);
  expect(redact(new Map([[Symbol.for('password'), 'x']]))).toEqual(
    new Map([[Symbol.for('password'), '***']]),
  );
  expect(redact(['Set-Cookie', 'x', '--token', 'y', 'Host', 'z'])).toEqual([
    'Set-Cookie',
    '***',
    '--token',
    '***',
    'Host',
    'z',
  ]);
  expect(redact(['Private-Token', 'x', 'Accept-Language', 'en', 'DD-API-KEY', 'y'])).toEqual([
    'Private-Token',
    '***',
    'Accept-Language',
    'en',
    'DD-API-KEY',
    '***',
  ]);
  expect(redact(['password', 'email', 'name'])).toEqual(['password', 'email', 'name']);
});

test('keys that are masked stay as many, and no key changes the prototype', () => {
  const copy = redact(
    JSON.parse('{"__proto__":{"pwd":"x"},"Bearer abc":1,"Bearer def":2,"toString":3}'),
  ) as object;

  expect(Object.entries(copy)).toEqual([
    ['__proto__', { pwd: '***' }],
    ['Bearer ***', 1],
    ['Bearer *** 2', 2],
    ['toString', 3],
  ]);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
});

test('cycles end, and what is referred to twice is copied once', () => {
  const shared = { pwd: 'x' };
  const value: Record<string, unknown> = { a: shared, b: shared };
  value['self'] = value;

  const copy = redact(value) as typeof value;

  expect(copy).toEqual({ a: { pwd: '***' }, b: { pwd: '***' }, self: '[Circular]' });
  expect(copy['a']).toBe(copy['b']);
});

test('nothing hostile is called or makes it throw', () => {
  const fail = (): never => {
    throw new Error('called');
  };
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, fail]));
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const error = Object.defineProperty(new Error('a'), 'message', { get: fail });

  expect(
    redact([
      new Proxy({}, traps),
      new Proxy(fail, traps),
      revocable.proxy,
      Object.defineProperty({}, 'a', { get: fail, enumerable: true }),
      Object.create(new Proxy({}, traps)),
      new (class {
        toJSON = fail;
      })(),
      new (class {
        toJSON(): never {
          return fail();
        }
      })(),
      new (class {
        get [Symbol.toStringTag](): string {
          return fail();
        }
      })(),
    ]),
  ).toEqual([
    '[Proxy]',
    '[Proxy]',
    '[Proxy]',
    { a: '[Getter]' },
    '[Unreadable]',
    { toJSON: '[Function]' },
    '[Unreadable]',
    '[Unreadable]',
  ]);
  expect(redactError(error).message).toBe('');
});

test('a value is copied as deep and as far as is allowed', () => {
  const { redact: little } = createRedactor({ depthMax: 1, nodesMax: 4 });

  expect(little({ a: { b: { c: 1 } } })).toEqual({ a: { b: '[Truncated]' } });
  expect(little([1, 2, 3, 4, 5])).toEqual([1, 2, 3, 4, '[Truncated]']);
  expect(little({ a: 1, b: 2, c: 3, d: 4, e: 5 })).toEqual({ a: 1, b: 2, c: 3, d: 4, '…': '[Truncated]' });
  expect(little(new Set([1, 2, 3, 4, 5]))).toEqual(new Set([1, 2, 3, 4]));
  let deep: unknown = 'x';
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(shownAll(redact(deep))).toContain('[Truncated]');
});

test('a redactor has more keys and patterns, and fewer where it is allowed', () => {
  const card = /\b\d{4}(?: \d{4}){3}\b/y;
  const own = createRedactor({
    keys: ['PIN', 'contraseña'],
    allowedKeys: ['page-token'],
    patterns: [card],
    replacement: '#',
  });

  expect(own.redact({ userPin: 1, spin: 1, CONTRASEÑA: 'x', pageToken: 'x', token: 'x' })).toEqual({
    userPin: '#',
    spin: 1,
    CONTRASEÑA: '#',
    pageToken: 'x',
    token: '#',
  });
  for (let i = 0; i < 2; i++)
    expect(own.redactText('a 1234 5678 1234 5678, contraseña=x')).toBe('a #, contraseña=#');
  expect(own.redactError(new Error('pin=12')).message).toBe('pin=#');
  expect(card.lastIndex).toBe(0);
});

test('a pattern that matches a part of what another matches leaves nothing of it', () => {
  const { redactText: own } = createRedactor({ patterns: [/\d+/] });

  expect(own('eyJabcdefghij123abcdefghij a1b')).toBe('*** a***b');
});

test.each<[string, unknown]>([
  ['an unknown option', { key: ['a'] }],
  ['keys that are no array', { keys: 'a' }],
  ['a key that is no string', { keys: [5] }],
  ['a key without a letter', { keys: ['--'] }],
  ['an allowed key that is no string', { allowedKeys: [/a/] }],
  ['a pattern that is no RegExp', { patterns: ['a'] }],
  ['a pattern that matches nothing', { patterns: [/a*/] }],
  ['an empty replacement', { replacement: '' }],
  ['a replacement that is no string', { replacement: () => '' }],
  ['a depth of none', { depthMax: 0 }],
  ['a depth that could overflow the stack', { depthMax: 5000 }],
  ['a number of nodes that is none', { nodesMax: '5' }],
])('%s is refused', (_what, options) => {
  expect(() => createRedactor(options as RedactorOptions)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' }),
  );
});

test('a long text of signs that could end an element is done with before anybody gives up', () => {
  const text = ':a>'.repeat(1_000_000);

  expect(redactText(text)).toBe(text);
});

test('of what is no text nothing is shown, as of what is no URL', () => {
  for (const wrong of [undefined, null, 5, { message: 'password=hunter2' }] as never[]) {
    expect(redactText(wrong)).toBe('***');
    expect(createRedactor({ replacement: '[gone]' }).redactText(wrong)).toBe('[gone]');
  }
});
