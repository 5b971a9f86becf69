import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';

/**
 * Makes dead letters of all timers in a file that nobody has open, as after deaths that they were not to blame for: the
 * transition of a timer for another actor computes nothing that could kill.
 */
export function giveUpTimers(path: string): void {
  const database = openForWriting({ path, lockTimeoutMs: 1_000 });
  database.exec(`
    insert into dead_letters (address, operation, type, data, reason, recorded_at, timer)
      select stream, 'send', type, data, 'undeliverable', 0,
        json_object('actor', actor, 'name', name, 'to', json(recipient), 'schemaVersion', schema_version) from timers;
    delete from timers`);
  database.close();
}
