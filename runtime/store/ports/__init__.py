"""What a store can do, one small interface for each thing; a store is a record of them."""
