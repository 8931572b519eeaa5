"""The documented commands, one module for each family of them."""
