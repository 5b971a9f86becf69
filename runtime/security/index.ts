import '../node-version.ts';

// The door of `holdfast/security`: what keeps secrets out of logs, errors and whatever else is shown.
export { createRedactor, type Redactor, type RedactorOptions } from './create-redactor.ts';
export { obfuscateApiKey } from './obfuscate-api-key.ts';
export {
  type HeadersLike,
  type HeaderValue,
  type ObfuscatedHeaders,
  obfuscateHeader,
  obfuscateHeaders,
} from './obfuscate-header.ts';
export { obfuscateUrl } from './obfuscate-url.ts';
export { redactError } from './redact-error.ts';
export { redactText } from './redact-text.ts';
export { redact } from './redact-value.ts';
export { isSecret, Secret } from './secret.ts';
