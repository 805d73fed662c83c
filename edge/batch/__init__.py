"""A whole archive of recordings through the same road as one: on Dask, in parts that exist whole or not at all."""
