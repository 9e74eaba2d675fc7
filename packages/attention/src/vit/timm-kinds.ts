import { refuse } from './file-values.ts';

/** What models of timm have that are not read here, by what their names say. Arrays do not show all of it. */
const unread: readonly (readonly [names: RegExp, what: string])[] = [
  [/_rope_|_dinov3|_lingbot|^vit_pe_|^eva02_/, 'rotary positions'],
  [/_s?relpos_|^beit(v2)?_|^samvit_/, 'relative positions'],
  [/_rpn_/, 'norms after attention and the MLP'],
  [/_(dwee|dlittle|dpwee)_/, 'differential attention'],
  [/_(xp|pwee|\d+x2)_/, 'parallel layers'],
  [/_r\d*_s\d+_|_resnet\d|_mci_/, 'convolutions before the blocks'],
  [/^beit3_/, 'norms inside of attention and the MLP'],
  [/^eva_giant_/, 'biases of queries and values alone'],
  [/^test_vit4/, 'norms by the root of the mean of squares'],
];

/** @throws NeverendError of the code NEVEREND_VIT_CONFIG saying why models of this architecture of timm are not read. */
export function checkTimmKind(architecture: unknown): asserts architecture is string {
  if (typeof architecture !== 'string') refuse('config.architecture', architecture, 'a name');
  const [, what] = unread.find(([names]) => names.test(architecture)) ?? [];
  if (what !== undefined)
    refuse('config.architecture', architecture, `a model without ${what}: others are not read`);
  if (!/^(vit|deit3?|eva|flexivit|test_vit\d?)(_|$)/.test(architecture))
    refuse(
      'config.architecture',
      architecture,
      'a vision transformer that is read, such as "vit_base_patch16_224"',
    );
}
