"""One pane of details of the selected run a file."""
