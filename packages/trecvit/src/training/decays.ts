/** The last parts of the names of what does not decay: biases, scales of norms, positions, class tokens, and eigenvalues. */
const spared = ['bias', 'b', 'scale', 'offset', 'pos_embedding', 'cls', 'a_param', 'a_imag_param'];

/**
 * Whether weight decay takes hold of a parameter, by its name in a checkpoint: kernels and gates' weights do decay; biases, norms,
 * positions, the class token and the eigenvalues of the recurrent units (`a_param`) do not, as pulling them to 0 means something else.
 */
export function decays(name: string): boolean {
  return !spared.includes(name.slice(name.lastIndexOf('/') + 1));
}
