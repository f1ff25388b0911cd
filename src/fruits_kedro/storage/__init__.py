"""Places and files, local or on an object store, and how to write them so that nothing is ever half there."""
