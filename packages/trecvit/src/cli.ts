import { endWithReader, leaveNpmFolder } from '@neverend/command-line';
import { main } from './cli/main.ts';

leaveNpmFolder('trecvit');
endWithReader();
void main(process.argv.slice(2));
