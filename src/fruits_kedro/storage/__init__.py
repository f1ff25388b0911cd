"""Files, local or on an object store, written so that nothing is ever half there."""
