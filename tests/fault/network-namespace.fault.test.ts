import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A network of its own, by root or in a user namespace. */
const unshare = process.getuid?.() === 0 ? ['unshare', '-n'] : ['unshare', '-rn'];

/** Why no network can be switched off here, or `undefined` if one can. */
function whyNoNetworkNamespace(): string | undefined {
  const [command = '', ...args] = unshare;
  const { error, status } = spawnSync(command, [...args, 'ip', 'link', 'set', 'lo', 'up'], {
    stdio: 'ignore',
  });
  if (error !== undefined) return 'unshare is not installed';
  return status === 0 ? undefined : 'no network namespace can be made here, or ip is not installed';
}

test('a network that is switched off and on under load loses, reorders and kills no operation', async ({
  skip,
}) => {
  const why = whyNoNetworkNamespace();
  skip(why !== undefined, why);
  const database = join(temporaryFolder(), 'app.db');

  const { code, stderr, lines } = await runChild('deliver-through-outages.ts', [database, '100'], {
    prefix: unshare,
  });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { got, seen, metrics } = JSON.parse(lines[0] ?? '') as {
    got: string[];
    seen: string[];
    metrics: Record<string, number>;
  };
  expect(seen).toEqual(Array(3).fill(['offline', 'online']).flat());
  expect(metrics).toMatchObject({ queued: 100, replayed: 100, failed: 0, dead: 0, parked: 0, depth: 0 });
  const firsts = [...new Set(got)];
  expect(firsts).toHaveLength(100);
  for (const [, keys] of Map.groupBy(firsts, (key) => Number(key) % 5)) expect(keys).toEqual(keys.toSorted());
});
