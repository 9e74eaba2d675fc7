import { main } from './cli/main.ts';
import { leaveNpmFolder } from './cli/npm-script.ts';
import { endWithReader } from './cli/run-command.ts';

leaveNpmFolder();
endWithReader();
void main(process.argv.slice(2));
