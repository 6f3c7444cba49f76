"""The parts of the gauntlet: real packages, what was made to do harm, and a server for both."""
