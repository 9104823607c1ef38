"""FlowJSON: reading, checking and analysing flow definitions."""
