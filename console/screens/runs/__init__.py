"""The Runs screen: the list with attention first, and the details of the selected run."""
