import { expect, test } from 'vitest';
import {
  obfuscateApiKey,
  obfuscateHeader,
  obfuscateHeaders,
  obfuscateUrl,
} from '../../runtime/security/index.ts';

test.each([
  ['https://bob:hunter2@host:81/a/b?c=d&e&f=#g', 'https://***@host:81/a/b?c=***&***&f=#***'],
  ['https://host/a/@b', 'https://host/a/@b'],
  ['http://[::1]:3000/@x', 'http://[::1]:3000/@x'],
  ['//u:p@host/a', '//***@host/a'],
  ['u:p@host/a', '***@host/a'],
  ['/callback?code=1#x', '/callback?code=***#***'],
  ['https://u:p/w?r#d@host/a?b=c', 'https://***@host/a?b=***'],
  ['?a=https://u:p@host', '?a=***'],
  ['https://host:99999/', 'https://host:99999/'],
  ['日本 🦀\ud800', '日本 🦀\ud800'],
  ['', ''],
])('the URL %j is shown as %j', (url, shown) => {
  expect(obfuscateUrl(url)).toBe(shown);
  expect(obfuscateUrl(shown)).toBe(shown);
});

test.each([
  ['ghp_16C7e42F292c6912E7', '***12E7'],
  ['0123456789abcdef', '***cdef'],
  ['0123456789abcde', '***'],
  ['é123456789abcdefghij', '***'],
  ['🦀'.repeat(20), '***'],
  ['*'.repeat(20), '***'],
  ['\ud800'.repeat(20), '***'],
  ['', '***'],
])('the API key %j is shown as %j', (key, shown) => {
  expect(obfuscateApiKey(key)).toBe(shown);
});

test.each([
  ['Authorization', 'Bearer 8xLOxBtZp8aBcDeF', 'Bearer ***cDeF'],
  ['authorization', 'Basic dXNlcjpodW50ZXIyaHVudGVyMg==', 'Basic ***'],
  ['proxy-authorization', '8xLOxBtZp8aBcDeF', '***'],
  ['Cookie', 'sid=8xLOxBtZp8aBcDeF; theme=dark', '***'],
  ['SET-COOKIE', 'sid=8xLOxBtZp8aBcDeF; Path=/', '***'],
  ['x-api-key', '8xLOxBtZp8aBcDeF', '***cDeF'],
  ['X-Auth-Token', 'short', '***'],
  ['Ocp-Apim-Subscription-Key', '8xLOxBtZp8aBcDeF', '***cDeF'],
  ['Location', '/callback?code=abc', '/callback?code=***'],
  ['link', '<https://u:p@host/?a=b>; rel=next', '<https://***@host/?a=***>; rel=next'],
  ['accept', 'text/html', 'text/html'],
])('the header %s: %s is shown as %s', (name, value, shown) => {
  expect(obfuscateHeader(name, value)).toBe(shown);
});

test('what is no string is not shown', () => {
  for (const value of [undefined, null, 5, {}, Symbol('s')] as unknown as string[]) {
    expect([obfuscateUrl(value), obfuscateApiKey(value), obfuscateHeader('accept', value)]).toEqual([
      '***',
      '***',
      '***',
    ]);
  }
});

test('headers are taken in every form they come in, and not changed', () => {
  const pairs = [
    ['Cookie', 'a=b'],
    ['Accept', '*/*'],
  ] as const;
  const object = { cookie: ['a=b', 'c=d'], age: 5, 'x-token': 5, via: undefined };

  expect(
    obfuscateHeaders(new Headers([...pairs, ['Set-Cookie', 'a'], ['Set-Cookie', 'b']] as [string, string][])),
  ).toEqual({
    accept: '*/*',
    cookie: '***',
    'set-cookie': ['***', '***'],
  });
  expect(obfuscateHeaders(pairs)).toEqual([
    ['Cookie', '***'],
    ['Accept', '*/*'],
  ]);
  expect(obfuscateHeaders(new Map(pairs))).toEqual({ Cookie: '***', Accept: '*/*' });
  expect(obfuscateHeaders(pairs.flat())).toEqual(['Cookie', '***', 'Accept', '*/*']);
  expect(obfuscateHeaders(object)).toEqual({
    cookie: ['***', '***'],
    age: 5,
    'x-token': '***',
    via: undefined,
  });
  expect(object.cookie).toEqual(['a=b', 'c=d']);
  expect(Object.keys(obfuscateHeaders(JSON.parse('{"__proto__":"a"}')))).toEqual(['__proto__']);
});
