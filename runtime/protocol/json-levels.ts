import { limits } from './limits.ts';

/** How many levels of objects and arrays a JSON text has. */
export function levelsOf(json: string): number {
  let levels = 0;
  let levelsMax = 0;
  let isText = false;
  // Each level takes two characters.
  for (let at = 0; json.length > 2 * limits.payloadDepthMax && at < json.length; at++) {
    const character = json[at];
    if (isText && character === '\\') at++;
    else if (character === '"') isText = !isText;
    else if (isText) continue;
    else if (character === '{' || character === '[') levelsMax = Math.max(levelsMax, ++levels);
    else if (character === '}' || character === ']') levels--;
  }
  return levelsMax;
}
