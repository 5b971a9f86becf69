import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { httpProbe, tcpProbe } from 'holdfast/probes';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';

const never = new AbortController().signal;

/** Listens on the loopback until the test has finished; returns the port. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const http = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createHttpServer(listener))}/health`;

test('a TCP probe finds a service that listens, and leaves its connection', async () => {
  const server = createServer();
  const closed = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.resume().on('close', () => resolve()));
  });
  const port = await listen(server);

  expect(await tcpProbe({ host: '127.0.0.1', port }).check(never)).toBe('online');
  await closed;
});

test('a TCP probe that is refused has found a computer without the service', async () => {
  const port = await closedPort();

  expect(await tcpProbe({ host: '127.0.0.1', port }).check(never)).toEqual({
    degraded: `127.0.0.1:${port} refuses connections`,
  });
});

test('a TCP probe whose name leads nowhere is offline', async () => {
  expect(await tcpProbe({ host: 'no-such-host.invalid', port: 443 }).check(never)).toBe('offline');
});

test('a probe that is not waited for any longer ends', async () => {
  const stop = new AbortController();
  const port = await listen(createServer());
  const url = await http(() => undefined);
  const checks = [
    tcpProbe({ host: '127.0.0.1', port }).check(AbortSignal.abort(new Error('enough'))),
    httpProbe({ url }).check(stop.signal),
  ];
  stop.abort(new Error('enough'));

  await expect(checks[0]).rejects.toThrow('enough');
  expect(await checks[1]).toBe('offline');
});

test.each([
  [200, 'online'],
  [204, 'online'],
  [302, { degraded: 'the service answers 302' }],
  [503, { degraded: 'the service answers 503' }],
])('an HTTP probe that is answered with %i finds %j', async (status, found) => {
  const methods: unknown[] = [];
  const url = await http((request, response) => {
    methods.push(request.method);
    response.writeHead(status, { location: 'http://127.0.0.1:1/login' }).end();
  });

  expect(await httpProbe({ url }).check(never)).toEqual(found);
  expect(methods).toEqual(['HEAD']);
});

test('an HTTP probe that nobody answers is offline', async () => {
  expect(await httpProbe({ url: `http://127.0.0.1:${await closedPort()}` }).check(never)).toBe('offline');
});

test('what an answer means can be said', async () => {
  const url = await http((request, response) => response.end(request.headers['x-app']));
  const probe = httpProbe({
    url,
    method: 'GET',
    headers: { 'x-app': 'desk' },
    judge: async (response) => ((await response.text()) === 'desk' ? 'online' : 'offline'),
  });

  expect(await probe.check(never)).toBe('online');
});

test.each([
  () => tcpProbe({ host: '', port: 1 }),
  () => tcpProbe({ host: 'a', port: 70_000 }),
  () => tcpProbe({ host: 'a', port: 1, ip: 4 } as never),
  () => httpProbe({ url: '/health' }),
  () => httpProbe({ url: 'ftp://example.com' }),
  () => httpProbe({ url: 'http://a', method: 'get' as 'GET' }),
  () => httpProbe({ url: 'http://a', headers: { 'a b': 'c' } }),
  () => httpProbe({ url: 'http://a', judge: 'online' as never }),
])('options that make no sense are refused: %s', (make) => {
  expect(make).toThrow(codedError('HOLDFAST_ERR_OPTION_INVALID') as Error);
});
