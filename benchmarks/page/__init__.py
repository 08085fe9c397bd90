"""How the page of proxyd does with many resources."""
