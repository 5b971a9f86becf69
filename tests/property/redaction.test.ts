import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createRedactor,
  obfuscateApiKey,
  obfuscateHeader,
  obfuscateHeaders,
  obfuscateUrl,
  redact,
  redactError,
  redactText,
} from '../../runtime/security/index.ts';
import { testThoroughly, times } from '../support/thorough.ts';

// What surrounds a secret has other characters than it, so that each one that shows can only be the secret's.
const noise = fc.string({ unit: fc.constantFrom(...'abcd '), maxLength: 12 });
const name = fc.string({ unit: fc.constantFrom(...'abcd'), minLength: 1, maxLength: 6 });
const ofUnits = (units: string) =>
  fc.string({ unit: fc.constantFrom(...units), minLength: 5, maxLength: 40 });
const alphanumeric = ofUnits('EFGHJKLMNPQRSTUVWXYZ23456789');
const printable = ofUnits('EFGHJKLMNPQRSTUVWXYZ23456789!#$%()*+-./:<=>?@[]^_{|}~');
/** Any text at all, with quotes, backslashes, lines and halves of surrogate pairs, but none of the surrounding characters. */
const anything = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('"', "'", '\\', '\n', '\ud800', '🦀'),
    ),
    {
      minLength: 5,
      maxLength: 30,
    },
  )
  .map((parts) => parts.join('').replace(/[a-z *]/gi, 'Ж'));

const key = fc
  .tuple(
    fc.constantFrom(
      'password',
      'access token',
      'api key',
      'client secret',
      'set cookie',
      'session',
      'credentials',
    ),
    fc.constantFrom<(words: string) => string>(
      (words) => words.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase()),
      (words) => words.replaceAll(' ', '_'),
      (words) => words.replaceAll(' ', '-').toUpperCase(),
      (words) => `my ${words}`,
    ),
  )
  .map(([words, style]) => style(words));

interface Planted {
  readonly secret: string;
  readonly value: unknown;
}

const planted = <T>(
  secrets: fc.Arbitrary<string>,
  others: fc.Arbitrary<T>,
  plant: (secret: string, other: T) => unknown,
) => fc.tuple(secrets, others).map(([secret, other]): Planted => ({ secret, value: plant(secret, other) }));

const underKey: fc.Arbitrary<Planted> = fc.oneof(
  planted(anything, key, (secret, at) => ({ [at]: secret })),
  planted(anything, key, (secret, at) => new Map([[at, secret]])),
  planted(anything, key, (secret, at) => ({ [at]: { deep: [secret, { [secret]: 1 }] } })),
  planted(anything, key, (secret, at) => [[at, secret]]),
  planted(anything, key, (secret, at) => ({ name: at, value: secret })),
  planted(
    anything,
    fc.nat(),
    (secret) => new Headers({ authorization: encodeURIComponent(secret.toWellFormed()) }),
  ),
);
const inText: fc.Arbitrary<{ readonly secret: string; readonly value: string }> = fc.oneof(
  planted(anything, key, (secret, at) => `ab ${JSON.stringify({ a: 1, [at]: secret, b: 'c' })}`),
  planted(anything, key, (secret, at) => JSON.stringify(JSON.stringify({ [at]: secret }))),
  planted(printable, key, (secret, at) => `ab, ${at}=${secret} cd`),
  planted(printable, key, (secret, at) => `ab ${at}: '${secret}', cd`),
  planted(
    printable,
    fc.constantFrom('Bearer', 'bearer'),
    (secret, scheme) => `ab ${scheme} E${secret.replace(/[<>]/g, '')} cd`,
  ),
  planted(
    alphanumeric,
    fc.constantFrom('ghp_', 'sk-ant-', 'glpat-', 'xoxb-', 'AIza', 'AKIA', 'eyJ'),
    (secret, prefix) => `ab ${prefix}${secret}${secret.repeat(4)} cd`,
  ),
  planted(printable, name, (secret, user) => `ab https://${user}:${secret.replace(/[<>/?#@:]/g, '')}@b/c cd`),
  planted(
    anything,
    name,
    (secret, user) => `https://${user}:${encodeURIComponent(secret.toWellFormed())}@b/c`,
  ),
  planted(
    anything,
    name,
    (secret, at) => `(https://b/c?a=b&${at}=${encodeURIComponent(secret.toWellFormed())}&d)`,
  ),
  planted(alphanumeric, name, (secret) => `https://b/c#2${secret}`),
  planted(
    printable,
    fc.constantFrom('', 'RSA ', 'EC '),
    (secret, kind) => `-----BEGIN ${kind}PRIVATE KEY-----\n${secret}\n-----END ${kind}PRIVATE KEY-----`,
  ),
) as fc.Arbitrary<{ secret: string; value: string }>;
const inError: fc.Arbitrary<Planted> = fc.oneof(
  inText.map(({ secret, value }) => ({ secret, value: new Error(value) })),
  inText.map(({ secret, value }) => ({
    secret,
    value: new TypeError('a', { cause: new Error('b', { cause: new RangeError(value) }) }),
  })),
  inText.map(({ secret, value }) => ({ secret, value: new AggregateError([1, new Error(value)], 'a') })),
  fc.oneof(underKey, inText).map(({ secret, value }) => ({
    secret,
    value: Object.assign(new Error('a'), { code: 'A', details: value }),
  })),
);

/** Puts a planted value anywhere in a larger one. */
const nested: fc.Arbitrary<Planted> = fc
  .tuple(
    fc.oneof(underKey, inText, inError),
    fc.array(fc.tuple(fc.constantFrom('object', 'array', 'map', 'set'), name, noise), { maxLength: 8 }),
  )
  .map(([{ secret, value }, layers]) => ({
    secret,
    value: layers.reduce((inner: unknown, [kind, at, other]) => {
      if (kind === 'object') return { first: other, [at]: inner, last: 5 };
      if (kind === 'array') return [other, inner, null, other];
      return kind === 'map'
        ? new Map<unknown, unknown>([
            [at, inner],
            [1, other],
          ])
        : new Set([inner, other]);
    }, value),
  }));

/** Every string in a value, its keys too, as they are: what shows a value may escape them. */
function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  const entries = value instanceof Map || value instanceof Set ? [...value.entries()] : [];
  for (const part of [
    ...entries,
    ...Reflect.ownKeys(value).map((at) => [at, Reflect.get(value, at)]),
  ].flat()) {
    yield* stringsIn(part);
  }
}

/** The parts of a secret, as it is and as it may be written, that are longer than what may be shown. */
function partsOf(secret: string, length: number): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
  return forms.flatMap((form) => {
    const characters = [...form];
    return characters.slice(length - 1).map((_, index) => characters.slice(index, index + length).join(''));
  });
}

function expectHidden(secret: string, shown: string, length = 5): void {
  // What is made of escapes and small letters may as well come from around the secret.
  const found = partsOf(secret, length).filter((part) => /[^\\"'a-z0-9%]/.test(part) && shown.includes(part));
  expect(found).toEqual([]);
}

test('no secret is shown, wherever it was planted and however the copy is shown', () => {
  fc.assert(
    fc.property(nested, ({ secret, value }) => {
      const copy = redact(value);

      for (const shown of [
        JSON.stringify(copy),
        inspect(copy, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null }),
        [...stringsIn(copy)].join('\0'),
      ]) {
        expectHidden(secret, shown ?? '');
      }
    }),
    { numRuns: times(400, 2000) },
  );
});

test('an error shows none, neither itself nor what caused it', () => {
  fc.assert(
    fc.property(inError, ({ secret, value }) => {
      const copy = redactError(value);

      expect(copy).toBeInstanceOf((value as Error).constructor);
      expect(copy).toMatchObject({ name: (value as Error).name });
      expectHidden(secret, inspect(copy, { depth: Number.POSITIVE_INFINITY }));
      expectHidden(secret, [...stringsIn(copy)].join('\0'));
    }),
    { numRuns: times(100, 500) },
  );
});

test('the value itself is left as it was', () => {
  fc.assert(
    fc.property(nested, ({ value }) => {
      const shown = () => inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      const before = shown();

      redact(value);

      expect(shown()).toBe(before);
    }),
    { numRuns: 300 },
  );
});

test('what holds no secret comes back equal, and the copy holds nothing of it', () => {
  const leaf = fc.oneof(
    noise,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.date(),
  );
  const plain = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, leaf, tie('list'), tie('object'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    map: fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
  })).value;
  fc.assert(
    fc.property(plain, (value) => {
      const copy = redact(value);

      expect(copy).toStrictEqual(value);
      if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
    }),
    { numRuns: times(100, 500) },
  );
});

test('beside a secret, keys, lengths and all else are kept', () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, noise, { noNullPrototype: true }),
      key,
      anything,
      fc.array(noise),
      (rest, at, secret, list) => {
        expect(redact({ ...rest, [at]: secret, list: [list, { [at]: secret }] })).toStrictEqual({
          ...rest,
          [at]: '***',
          list: [list, { [at]: '***' }],
        });
      },
    ),
  );
});

test('any value at all is redacted without an error', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withMap: true,
        withSet: true,
        withDate: true,
        withTypedArray: true,
        withSparseArray: true,
        withBoxedValues: true,
        withNullPrototype: true,
        withBigInt: true,
      }),
      (value) => {
        inspect(redact(value), { depth: Number.POSITIVE_INFINITY });
        expect(redactError(value)).toBeInstanceOf(Error);
      },
    ),
    { numRuns: times(200, 1000) },
  );
});

test('what was redacted is redacted no further', () => {
  fc.assert(
    fc.property(inText, ({ value }) => {
      const once = redactText(value);

      expect(redactText(once)).toBe(once);
    }),
    { numRuns: times(200, 1000) },
  );
});

testThoroughly('long texts that are made to be searched for long are searched in one go', () => {
  // A search that begins anew at each place would take a hundred thousand million steps, and the test its whole time.
  const units = [
    'a',
    '://',
    '://a:b',
    'a://@',
    '?',
    '#',
    '&',
    '=',
    ':',
    'a=',
    'password=',
    'password="',
    "password='x ",
    '\\',
    '\\"',
    '"',
    "'",
    'eyJ',
    'eyJ-',
    'sk-',
    'ghp_',
    '.',
    '-',
    '_',
    ' ',
    '\t',
    '-----BEGIN PRIVATE KEY',
    '-----BEGIN PRIVATE KEY-----',
    'Bearer ',
    'Basic a',
    'token: [',
    'token: {',
    '"token":',
    'A',
    '0',
    ',',
    '--token ',
    'AKIA',
    '\ud800',
    '🦀',
    'cookie:',
    '<password>',
    '<password ',
    '>',
    '<',
    ']',
    '/bot1',
    'hooks.slack.com/a/',
  ];
  const { redactText: own } = createRedactor({ keys: ['pin'] });
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...units), { minLength: 1, maxLength: 3 }), (parts) => {
      const unit = parts.join('');
      const text = unit.repeat(Math.ceil(300_000 / unit.length));

      expect(own(text).length).toBeLessThanOrEqual(text.length * 5);
    }),
    { numRuns: 150, examples: units.map((unit) => [[unit]]) },
  );
});

test('obfuscators accept any text, and show four characters at most, and none of less than 16', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), printable, anything, alphanumeric);
  const header = fc.constantFrom(
    'Authorization',
    'Cookie',
    'set-cookie',
    'X-API-Key',
    'x-auth-token',
    'Proxy-Authorization',
  );
  fc.assert(
    fc.property(text, header, (secret, at) => {
      const length = secret.length < 16 ? 1 : 5;
      const hidden = secret.replaceAll('*', '');
      for (const shown of [obfuscateApiKey(secret), obfuscateHeader('x-api-key', secret)]) {
        expect(shown).toMatch(/^\*{3}[!-~]{0,4}$/);
        expectHidden(hidden, shown, length);
      }
      for (const value of [secret, `Bearer ${secret}`, `Basic ${secret}`]) {
        expect(obfuscateHeader(at, value)).toMatch(/^(?:[\w-]{4,16} )?\*{3}[!-~]{0,4}$/);
      }
      expectHidden(hidden, JSON.stringify(obfuscateHeaders({ cookie: [secret] })), 5);
      for (const any of ['accept', 'location', secret])
        expect(typeof obfuscateHeader(any, secret)).toBe('string');
    }),
    { numRuns: times(200, 1000) },
  );
});

test('a URL is shown without credentials, query values and fragment, and only once', () => {
  const part = anything.map((secret) => [secret, encodeURIComponent(secret.toWellFormed())] as const);
  fc.assert(
    fc.property(part, name, name, ([secret, encoded], host, path) => {
      for (const url of [
        `https://${encoded}@${host}/${path}`,
        `${host}:${encoded}@${host}/${path}`,
        `https://a:${encoded}@${host}:81/${path}?b=c`,
        `//${host}/${path}?${encoded}`,
        `/${path}?a=${encoded}&${encoded}&b=${encoded}`,
        `https://${host}/${path}#${secret}`,
        `https://${host}/${path}?a=b#c=${secret}`,
      ]) {
        const shown = obfuscateUrl(url);

        expectHidden(secret, shown);
        expect(shown).toContain(`/${path}`);
        expect(obfuscateUrl(shown)).toBe(shown);
      }
    }),
    { numRuns: times(100, 500) },
  );
});

test('any text is taken for a URL', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        printable,
      ),
      (url) => {
        const shown = obfuscateUrl(url);

        expect(obfuscateUrl(shown)).toBe(shown);
        expect(redactText(redactText(url))).toBe(redactText(url));
      },
    ),
    { numRuns: times(200, 1000) },
  );
});
