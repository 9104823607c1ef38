"""forkjoin: the console and runtime for fork-join workflows, by the name nobody else has."""
