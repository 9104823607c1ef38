"""From the text of a flow file to checked records."""
