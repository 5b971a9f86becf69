import { alwaysOffline, createRuntime } from 'holdfast';

// Begins to follow the network, stops reading, and closes.
const [database = ''] = process.argv.slice(2);
const runtime = await createRuntime({ database, modules: [], connectivity: { probe: alwaysOffline } });
const changes = runtime.connectivity.changes();
await changes.next();
await runtime.close();
process.stdout.write(`${runtime.state}\n`);
