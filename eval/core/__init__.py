"""What every room of the harness stands on: types, protocols, configuration, identity, provenance."""
