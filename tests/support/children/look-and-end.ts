import { alwaysOffline, createRuntime } from 'holdfast';

// Looks at the network and ends without closing anything.
const [database = ''] = process.argv.slice(2);
const runtime = await createRuntime({
  database,
  modules: [],
  connectivity: { probe: alwaysOffline, offlineIntervalMs: 1, pauseMs: 1 },
});
const { status } = await runtime.connectivity.ready();
process.stdout.write(`${status}\n`);
