/** Whether what stands under a key is to be masked. */
export type KeyTest = (key: string) => boolean;

/** Ends that say it whatever stands before them: `access_token`, `dbPassword`, `X-Api-Key`, `accesstoken`. */
const endings =
  /(?:token|secret|passphrase|passcode|cookie|credential|authori[sz]ation|connectionstring|sessionid|jwt|(?:access|account|api|auth|encryption|master|private|secret|session|shared|signing|storage|subscription)key)(?:value|raw|text|string|hash|hex|base64)?s?\d*$|passw(?:or)?d|apikey|clientsecret|privatekey|secretkey/;

/** Short or part of other words, so only as a word of its own: `possession`, `bypass` and `cwd` are none. */
const words = / (?:pwd|pass|auth|creds|session|otp|cvv|cvc)s?\d*$/;

/** The words of a key in lower case, whichever way they are joined: `apiKey`, `API_KEY` and `api-key` are `api key`. */
export function wordsOf(key: string): string {
  return key
    .slice(-128)
    .replace(/([\p{Ll}\p{N}])(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1$2 ')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase();
}

const joined = (text: string): string => text.replaceAll(' ', '');

/** A test for the default keys and some `more`, without the `allowed` ones. */
export function keyTest(more: readonly string[] = [], allowed: readonly string[] = []): KeyTest {
  const names = more.map(wordsOf);
  const free = new Set(allowed.map((key) => joined(wordsOf(key))));
  return (key) => {
    const spaced = ` ${wordsOf(key)}`;
    const folded = joined(spaced);
    if (free.has(folded)) return false;
    if (endings.test(folded) || words.test(spaced)) return true;
    return names.some((name) => spaced.endsWith(` ${name}`) || folded === joined(name));
  };
}

/** A number under a plural is a count, as in `tokens: 12`. */
export function isCount(key: string): boolean {
  return /[^s]s$/i.test(key);
}
