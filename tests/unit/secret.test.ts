import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { isSecret, redact, Secret } from '../../runtime/security/index.ts';

const secret = new Secret('hunter2');

test('a secret shows only where it is asked for', () => {
  expect(secret.expose()).toBe('hunter2');
  expect([String(secret), `${secret}`, ['', secret].join('')]).toEqual(['***', '***', '***']);
  expect(Number(secret)).toBeNaN();
  expect(JSON.stringify({ a: [secret] })).toBe('{"a":["***"]}');
  expect(format('%s %o %j', secret, secret, secret)).toBe('*** *** "***"');
  expect(inspect({ a: { b: { c: { d: secret } } } }, { depth: 9, showHidden: true })).toContain('d: ***');
  expect(Reflect.ownKeys(secret)).toEqual([]);
  expect({ ...secret }).toEqual({});
  expect(redact({ a: secret })).toEqual({ a: '***' });
});

test('a secret shows neither without its own way to be inspected, nor on the console', () => {
  const output = new PassThrough();
  new Console(output).log(secret, { secret });

  expect(output.read().toString()).toBe('*** { secret: *** }\n');
  expect(inspect(secret, { customInspect: false, showHidden: true, getters: true })).not.toContain('hunter2');
});

test('a clone of a secret is empty', () => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(secret);

  const clones = [
    structuredClone(secret),
    deserialize(serialize(secret)),
    receiveMessageOnPort(port2)?.message,
  ];
  port1.close();

  expect(clones).toEqual([{}, {}, {}]);
  expect(serialize({ secret }).toString('latin1')).not.toContain('hunter2');
});

test('a secret cannot be given properties', () => {
  expect(() => Object.assign(secret, { value: 'x' })).toThrow(TypeError);
});

test('only a secret is one', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();

  expect(isSecret(secret)).toBe(true);
  for (const other of ['***', null, undefined, {}, Object.create(Secret.prototype), proxy, () => secret]) {
    expect(isSecret(other)).toBe(false);
  }
});

test('secrets are the same if their values are', () => {
  expect(secret.equals('hunter2')).toBe(true);
  expect(secret.equals(new Secret('hunter2'))).toBe(true);
  for (const other of ['hunter', '', 5, undefined, new Secret('x'), Buffer.from('hunter2', 'utf16le')]) {
    expect(secret.equals(other)).toBe(false);
  }
  expect(new Secret('\ud800').equals('\ud801')).toBe(false);
  expect(new Secret(Buffer.from([1, 2])).equals(Uint8Array.of(1, 2))).toBe(true);
  expect(new Secret(Number.NaN).equals(Number.NaN)).toBe(true);
  expect(new Secret({}).equals({})).toBe(false);
});
