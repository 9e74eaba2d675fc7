import { describeOlderProcessor } from './describe-older-processor.ts';

describeOlderProcessor(1, 'baseline');
