import { describeOlderProcessor } from './describe-older-processor.ts';

describeOlderProcessor(3, 'AVX2');
