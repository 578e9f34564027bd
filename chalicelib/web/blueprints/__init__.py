"""The views, one module a part of the site: each parses, asks a workflow or store, and shapes the answer."""
