/** What something of the wrong kind was, for messages. */
export function described(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  }
  if (typeof value !== 'object' || value === null) return String(value);
  // Not the constructor's name, which bundlers change.
  return `an object of type ${Object.prototype.toString.call(value).slice(8, -1)}`;
}
