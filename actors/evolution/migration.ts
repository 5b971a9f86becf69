import { messageOf } from '../../runtime/errors/message-of.ts';
import type { EncodedSnapshot } from '../../runtime/protocol/append.ts';
import { definitionVersionOf } from '../../runtime/protocol/code-fingerprint.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { isPromised } from '../../runtime/protocol/is-async.ts';
import type { HostedDefinition, Instance } from '../definitions/hosted-definition.ts';
import type { MigratedSnapshot, OlderSnapshot } from '../definitions/migrate.ts';
import type { ActorIdentity } from '../steps/actor-tree.ts';
import type { PersistedSnapshot } from '../steps/bare-machine.ts';
import type { AnyStateMachine } from '../xstate-adapter.ts';
import type { EvolutionReports } from './evolution-reports.ts';

/**
 * The state in a stored snapshot: as it is if this code made it, migrated if an older version did; `undefined` if the
 * stream has to be replayed. A migration that fails is reported, and fails nothing: a snapshot is a cache.
 */
export function stateOf(
  hosted: HostedDefinition,
  identity: ActorIdentity,
  stored: EncodedSnapshot,
  reports: EvolutionReports | undefined,
): Instance | undefined {
  if (stored.fingerprint === hosted.fingerprint) return hosted.restore(stored.state, identity);
  const { address } = identity;
  try {
    return migrated(hosted, identity, stored);
  } catch (error) {
    const fromVersion = definitionVersionOf(stored.fingerprint) ?? 0;
    reports?.migrateFailed({ address, version: stored.version, fromVersion, error });
    return undefined;
  }
}

/**
 * What `migrate` makes of a snapshot of an older version, restored; `undefined` if it wants a replay. Throws what it
 * threw, or why the machine cannot take what it returned.
 */
export function migrated(
  hosted: HostedDefinition,
  identity: ActorIdentity,
  stored: EncodedSnapshot,
): Instance | undefined {
  const fromVersion = definitionVersionOf(stored.fingerprint);
  const { migrate, version } = hosted.definition;
  if (migrate === undefined || fromVersion === undefined || fromVersion >= version) return undefined;
  const { value: state, historyValue: history, ...rest } = decode(stored.state) as PersistedSnapshot;
  const older = { state, history, ...rest } as OlderSnapshot;
  const made: MigratedSnapshot<AnyStateMachine> | undefined = migrate(older, fromVersion);
  if (made === undefined) return undefined;
  if (typeof made !== 'object' || made === null || isPromised(made) || !('state' in made)) {
    throw new TypeError('migrate must return { state, context }, or undefined to have the stream replayed.');
  }
  return restored(hosted, identity, made, older);
}

function restored(
  hosted: HostedDefinition,
  identity: ActorIdentity,
  made: MigratedSnapshot<AnyStateMachine>,
  older: OlderSnapshot,
): Instance {
  const {
    state: value,
    context,
    status = older.status,
    history = older.history,
    output = older.output,
    children = older.children ?? {},
  } = made;
  const persisted = {
    status,
    value,
    context,
    historyValue: history,
    children,
    ...(output === undefined ? {} : { output }),
  };
  try {
    // Encoded, so that it is what a snapshot of this version would be on disk, and nobody else's.
    return hosted.revive(decode(encode(persisted, 'migrated')) as PersistedSnapshot, identity);
  } catch (error) {
    throw new Error(`The machine does not take what migrate returned: ${messageOf(error)}`, { cause: error });
  }
}
