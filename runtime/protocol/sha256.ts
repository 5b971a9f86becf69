let crypto: typeof import('node:crypto') | undefined;

/** Loads the module now: to be called where a thread would otherwise only wait for another one. */
export function loadCrypto(): typeof import('node:crypto') {
  crypto ??= process.getBuiltinModule('node:crypto');
  return crypto;
}

/** SHA-256 of a text in UTF-8, as hex. The module is loaded with the first use: it takes 6 ms of a thread's start. */
export function sha256(text: string): string {
  return loadCrypto().hash('sha256', text);
}
