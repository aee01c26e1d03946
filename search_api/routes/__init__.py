"""The routes, a module for each kind: its `router` is included by `search_api.app`."""
