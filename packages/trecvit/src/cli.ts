import { main } from './cli/main.ts';
import { endWithReader } from './cli/run-command.ts';

endWithReader();
void main(process.argv.slice(2));
