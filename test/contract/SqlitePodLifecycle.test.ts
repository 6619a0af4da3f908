import { describePodLifecycleContract } from './podLifecycleContract';
import { removeFolders, SQLITE } from './sqlite';

afterAll(removeFolders);

SQLITE.forEach(([ name, open ]): void => describePodLifecycleContract(name, open));
