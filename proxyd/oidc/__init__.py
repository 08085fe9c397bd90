"""OpenID providers: their keys, and the login of a browser. The only one that talks to them."""
