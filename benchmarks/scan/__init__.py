"""How fast an account is scanned, by proxyd and by what people use instead."""
