"""HTTP: routes, middlewares, the error table. The only importer of aiohttp's server."""
