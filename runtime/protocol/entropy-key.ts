/** In the metadata of an event whose step asked for the time or for chance, which a replay takes from its id. */
export const entropyKey = 'holdfast.entropy';
