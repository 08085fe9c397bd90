"""Who asks (credential → principal), and what they may (principal and request → scopes)."""
