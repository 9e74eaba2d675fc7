import { endWithReader, leaveNpmFolder, runProgram } from '@neverend/command-line';
import { peerProgram } from './cli/program.ts';

leaveNpmFolder('peer');
endWithReader();
void runProgram(peerProgram(), process.argv.slice(2));
