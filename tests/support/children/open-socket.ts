// What the system-call trace of the offline runtime must never look like.
import { once } from 'node:events';
import { createServer } from 'node:net';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
server.close();
