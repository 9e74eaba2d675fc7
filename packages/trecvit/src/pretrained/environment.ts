/** True in Node; false in browsers and their workers. */
export const isNode: boolean =
  typeof process !== 'undefined' && typeof process.versions?.node === 'string';
