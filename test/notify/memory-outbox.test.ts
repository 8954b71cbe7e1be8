import { MemoryOutbox } from '../support/memory-outbox.js';
import { describeOutbox } from '../support/outbox-contract.js';

describeOutbox('in memory', () => new MemoryOutbox());
