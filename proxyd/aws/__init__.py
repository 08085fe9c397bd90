"""AWS: narrow sessions, a guarded client pool, outcomes. The only importer of aioboto3."""
