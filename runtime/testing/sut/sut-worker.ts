// The worker file of a runtime under test: the threads of Holdfast, by the virtual clock and at the test's command.
import thread from 'node:worker_threads';
import type { ThreadRole } from '../../threads/thread-role.ts';
import { driveAlarms, setClock } from './clock-of-thread.ts';
import { obey } from './host-under-test.ts';

// Its name is known from Node.js 24.6 on.
const { threadName = null } = thread as { threadName?: string | null };
const { holdfast: role } = thread.workerData as { holdfast?: ThreadRole };

if (role === 'host' || role === 'store') setClock();
if (role === 'store') driveAlarms();
if (role === 'host') obey(threadName ?? '');

// After the clock was replaced: what it imports takes hold of the clock at once.
void import('../../threads/worker.ts');
