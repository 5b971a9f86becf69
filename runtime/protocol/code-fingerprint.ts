/**
 * What a snapshot is kept with: the version of the definition that folded it, and a hash of its code. The version is
 * readable, so that a snapshot of an older version can be found and migrated.
 */
export function codeFingerprint(version: number, hash: string): string {
  return `${version}:${hash}`;
}

/** The version of the definition that a snapshot was folded by; `undefined` for a fingerprint without one. */
export function definitionVersionOf(fingerprint: string): number | undefined {
  const version = Number(/^(\d+):/.exec(fingerprint)?.[1]);
  return Number.isSafeInteger(version) ? version : undefined;
}

/** Which snapshots a definition can start from. */
export interface UsableSnapshots {
  /** Made by code with this fingerprint; `null` for none, when the state is known already. */
  readonly fingerprint: string | null;
  /** Also those of a definition below this version: they will be migrated. */
  readonly migrateBelow?: number;
}

/** Whether a snapshot with a fingerprint is among them. */
export function isUsable(fingerprint: string, usable: UsableSnapshots): boolean {
  if (fingerprint === usable.fingerprint) return true;
  const { migrateBelow } = usable;
  const version = definitionVersionOf(fingerprint);
  return migrateBelow !== undefined && version !== undefined && version < migrateBelow;
}
