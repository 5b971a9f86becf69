import type { schemaVersion } from '../connection/schema-version.ts';
import { eventLog } from './0001-event-log.ts';
import { durableEffects } from './0002-durable-effects.ts';
import { deadLetterEvidence } from './0003-dead-letter-evidence.ts';
import { runningTime } from './0004-running-time.ts';
import { projections } from './0005-projections.ts';
import { countedJumps } from './0006-counted-jumps.ts';
import { causes } from './0007-causes.ts';
import { operations } from './0008-operations.ts';
import { restartedTimers } from './0009-restarted-timers.ts';
import { timersOfDeadLetters } from './0010-timers-of-dead-letters.ts';
import { schemaOfWhatWaits } from './0011-schema-of-what-waits.ts';
import { schemaOfDeadLetters } from './0012-schema-of-dead-letters.ts';

/** Forward-only: the schema at version N is what the first N of these make. Released ones are never edited. */
export const migrations = [
  eventLog,
  durableEffects,
  deadLetterEvidence,
  runningTime,
  projections,
  countedJumps,
  causes,
  operations,
  restartedTimers,
  timersOfDeadLetters,
  schemaOfWhatWaits,
  schemaOfDeadLetters,
] as const satisfies { readonly length: typeof schemaVersion };
